// A solver of conda packages from a file on this machine.
#pragma once

#include <string>

namespace cntr::env {

// Installs what the file is, micromamba itself or a shell script that installs conda (of Miniforge,
// Miniconda and others), into a directory of its own below `directory`, once. Returns the program's
// path. Throws a user Error, with what the installer said, when it is neither or does not work.
std::string install_solver(const std::string& installer, const std::string& directory);

}  // namespace cntr::env
