// environment.yml: what a user asks of a conda environment (CEP 24).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "spec/spec.h"

namespace cntr::spec {

// A line of the file that somebody else reads, and where it stands.
struct RequestLine {
  std::string text;
  Location where;
};

struct CondaEnvironment {
  std::vector<std::string> channels;  // in the order in which they count, without "nodefaults"
  // Whether the channels that the user has configured are asked too, after these.
  bool default_channels = true;
  std::vector<RequestLine> packages;  // match specs, without blanks around them
  std::vector<RequestLine> pip;       // lines as in a requirements file
  std::vector<Variable> variables;    // sorted by name, no name twice
  std::vector<std::string> platforms;
  std::vector<std::string> ignored_keys;  // those that nobody knows
};

// Entries of `sel(<system>)` count when they are for Linux. The keys name, prefix and category say
// nothing here. Throws a user Error at line and column, with that line and a caret below it, for
// anything that is not in the format. `path` only names the text in messages.
CondaEnvironment parse_conda_environment(std::string_view text, const std::string& path);

}  // namespace cntr::spec
