// What an environment changes in a shell, and the scripts that do it in bash, zsh and fish.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace cntr::cli {

struct ShellActivation {
  std::string name;  // for people
  std::string prefix;
  std::string lock;    // the file by whose lock the mount is in use
  std::string holder;  // the program cntr
  // Names are such that every shell can have them.
  std::vector<std::pair<std::string, std::string>> variables;
  std::vector<std::string> scripts;             // to be read when it is activated, in this order
  std::vector<std::string> scripts_of_leaving;  // in this order
};

std::string posix_activation(const ShellActivation& activation);
std::string posix_deactivation();

std::string fish_activation(const ShellActivation& activation);
std::string fish_deactivation();

}  // namespace cntr::cli
