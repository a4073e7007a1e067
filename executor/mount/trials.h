// A squashfs file to try the ways with.
#pragma once

#include <string>

namespace cntr::mount {

// A squashfs 4.0 file that holds an empty directory (Documentation/filesystems/squashfs.rst of
// Linux), padded as the kernel wants it.
std::string empty_squashfs();

}  // namespace cntr::mount
