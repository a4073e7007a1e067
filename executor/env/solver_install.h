// A solver of conda packages from a file on this machine, or from a URL.
#pragma once

#include <string>

#include "base/warning.h"

namespace cntr::env {

// A URL without a sum is whatever stands there today.
enum class UnpinnedUrl { kRefused, kTaken };

// Micromamba itself, or a shell script that installs conda (of Miniforge, Miniconda and others).
struct SolverInstaller {
  std::string place;      // a file, or an http(s) URL, with "#sha256=<64 digits>" behind it
  std::string preferred;  // the program that is taken when there are several; "" for the fastest
  UnpinnedUrl unpinned = UnpinnedUrl::kRefused;
};

// Installs it into a directory of its own below `directory`, once. Returns the program's path. What
// a URL names is downloaded to `scratch`, a directory of the caller's, when nothing was installed
// from it yet; `tell` hears of that, because it takes long.
// Throws a user Error, with what the installer said, when it is neither, does not work, or is not
// the one with that sum; what download() throws.
std::string install_solver(const SolverInstaller& installer, const std::string& directory,
                           const std::string& scratch, const WarningSink& tell);

}  // namespace cntr::env
