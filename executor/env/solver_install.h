// A solver of conda packages from a file on this machine, or from a URL.
#pragma once

#include <string>

namespace cntr::env {

// A URL without a sum is whatever stands there today.
enum class UnpinnedUrl { kRefused, kTaken };

// Installs what `installer` names, micromamba itself or a shell script that installs conda (of
// Miniforge, Miniconda and others), into a directory of its own below `directory`, once. Returns
// the program's path. It is a file, or an http(s) URL, with "#sha256=<64 digits>" behind it, that
// is downloaded to `scratch`, a directory of the caller's, when nothing was installed from it yet.
// Throws a user Error, with what the installer said, when it is neither, does not work, or is not
// the one with that sum; what download() throws.
std::string install_solver(const std::string& installer, const std::string& directory,
                           const std::string& scratch,
                           UnpinnedUrl unpinned = UnpinnedUrl::kRefused);

}  // namespace cntr::env
