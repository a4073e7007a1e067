#include "image/image_source.h"

namespace cntr::image {

Error source_changed(const std::string& source) {
  return user_error(source + " has changed since its identity was taken",
                    {"Build again when nothing changes it any more."});
}

FileKind rootfs_kind(const std::string& rootfs) {
  const auto info = stat_file(rootfs);
  if (!info) {
    throw user_error("there is no " + rootfs,
                     {"When a rule of the build makes it, ROOTFS must name that rule's output."});
  }
  if (info->kind != FileKind::kDirectory && info->kind != FileKind::kRegular) {
    throw user_error(rootfs + " is neither a directory nor a tar archive");
  }
  return info->kind;
}

}  // namespace cntr::image
