#include "image/kept_xattrs.h"

#include "squashfs/image_writer.h"

namespace cntr::image {

bool is_kept_xattr(std::string_view name) {
  return squashfs::can_hold_xattr(name) && name != "security.selinux" &&
         !name.starts_with("trusted.overlay.") && !name.starts_with("user.overlay.");
}

}  // namespace cntr::image
