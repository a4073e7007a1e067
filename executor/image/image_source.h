// What is said about the source of an image, wherever it is read.
#pragma once

#include <string>

#include "base/error.h"
#include "base/file_system.h"

namespace cntr::image {

Error source_changed(const std::string& source);

// A directory or a regular file. Throws a user Error for anything else.
FileKind rootfs_kind(const std::string& rootfs);

}  // namespace cntr::image
