// Which extended attributes an image keeps.
#pragma once

#include <string_view>

namespace cntr::image {

// What squashfs can hold, without labels of the machine that made the image (security.selinux) and
// what overlayfs would take for its own (trusted.overlay.*, user.overlay.*).
bool is_kept_xattr(std::string_view name);

}  // namespace cntr::image
