// Paths inside of an image, looked at from outside.
#pragma once

#include <string>

namespace cntr::build {

// Whether a process that has `root_directory` as its "/" would find something at `path`: no
// symbolic link leads outside. On a kernel before Linux 5.6, which cannot tell, everything is
// there.
bool is_in_image(const std::string& root_directory, const std::string& path);

}  // namespace cntr::build
