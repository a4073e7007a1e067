// What an environment is asked to be, out of its environment.yml, its requirements file and its
// declaration: what a solver and pip are asked, and a digest of that, by which a lock that was made
// for something else is known without asking them.
#pragma once

#include <string>
#include <vector>

#include "base/digest.h"
#include "base/warning.h"
#include "env/requirements.h"
#include "spec/spec.h"

namespace cntr::env {

struct SolveRequest {
  std::string platform;
  std::vector<std::string> channels;
  bool default_channels = true;       // those that the user has configured come after these
  std::vector<std::string> packages;  // match specs
  Requirements requirements;
  std::vector<spec::Variable> variables;  // which the solution has nothing to do with
  std::vector<std::string> files;         // that were read, absolute
};

// Reads the files that the environment's `request` names. Throws a user Error at the file, the line
// and the column of what is wrong in them.
SolveRequest read_solve_request(const spec::Env& env, const WarningSink& warn);

// Of all but the variables and where the files lie. The order of channels and of requirements
// counts, that of packages does not; comments, formatting and the file's other keys do not either.
Digest digest_of_request(const SolveRequest& request);

}  // namespace cntr::env
