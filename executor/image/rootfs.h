// Root file systems that are directories on the host.
#pragma once

#include <string>

#include "image/flat_image.h"
#include "image/tree_modes.h"

namespace cntr::image {

// Copies what is in the directory `from` into the existing empty directory `to`: files (by reflink
// where possible) with their hard links, directories, symbolic links as they are, permissions and
// times. Sockets, fifos and devices are left out. Throws an environment Error that names what
// cannot be read or written.
void copy_rootfs(const std::string& from, const std::string& to, TreeModes modes);

// Reads what is in the directory, with owners, permissions, times, hard links and extended
// attributes. Devices and fifos are kept, sockets are left out. Throws as above.
FlatImage read_rootfs(const std::string& from, const Workshop& workshop);

}  // namespace cntr::image
