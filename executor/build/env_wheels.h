// Which wheels, and source where there is no wheel, an environment needs beside conda's packages:
// what its own pip says.
#pragma once

#include <string>
#include <vector>

#include "base/warning.h"
#include "env/lock.h"
#include "env/solve_request.h"
#include "spec/spec.h"
#include "store/cache.h"

namespace cntr::build {

// Builds the environment that the lock `conda_part` says and asks the pip in it, which finds what
// conda brought to be there. pip has the network and the user's configuration. Throws a user Error
// with pip's own words, and for an environment without pip or for another platform.
std::vector<env::LockedWheel> resolve_wheels(const spec::Env& env, const env::SolveRequest& request,
                                             const std::string& conda_part,
                                             const std::string& scratch, store::Cache& cache,
                                             const WarningSink& warn);

}  // namespace cntr::build
