// Which permissions the files of an unpacked image get.
//
// Cntr owns what it unpacks, so that it can read and remove it: files get u+rw, directories u+rwx.
// The rest follows the mode of the cache's root. Where others can come in,
//   - who may read the cache, may read its images (g+r or o+r; directories and programs +x);
//   - who may not write to the cache, may not write to its images;
//   - set-user-ID and set-group-ID programs lose these bits: they would lend the unpacker's rights.
// In a private cache (no bits for group and others) modes stay as the image has them.
#pragma once

#include <sys/types.h>

namespace cntr::image {

class TreeModes {
 public:
  explicit TreeModes(mode_t root_mode) : root_mode_(root_mode & 0777) {}

  mode_t file(mode_t mode) const;
  mode_t directory(mode_t mode) const;

 private:
  bool is_private() const { return (root_mode_ & 0077) == 0; }

  mode_t root_mode_;
};

}  // namespace cntr::image
