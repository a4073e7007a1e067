// Writes an image as one squashfs file.
#pragma once

#include <string>

#include "base/digest.h"
#include "image/flat_image.h"
#include "image/oci_layout.h"

namespace cntr::image {

// The file `path`, made at once or not at all (squashfs/image_writer.h). The same image gives the
// same bytes. Throws an environment Error for a full disk, a user Error for what squashfs cannot
// hold.
void pack(const FlatImage& image, const squashfs::Compression& compression,
          const std::string& path);

// These read, add the mount points and pack, with zstd. Contents lie in the file's directory
// meanwhile. Throw as read_layers(), read_rootfs_archive() and read_rootfs() as well.
void pack_layers(const OciLayout& layout, const LayoutImage& image, const std::string& path);

struct PackedRootfs {
  Digest archive;  // of the file
  Digest tree;     // content_digest()
};
PackedRootfs pack_rootfs_archive(const std::string& archive, const std::string& path);

// The content_digest().
Digest pack_rootfs_directory(const std::string& directory, const std::string& path);

}  // namespace cntr::image
