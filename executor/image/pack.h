// Writes an image as one squashfs file.
#pragma once

#include <string>

#include "image/flat_image.h"

namespace cntr::image {

// The file `path`, made at once or not at all (squashfs/image_writer.h). The same image gives the
// same bytes. Throws an environment Error for a full disk, a user Error for what squashfs cannot
// hold.
void pack(const FlatImage& image, const squashfs::Compression& compression,
          const std::string& path);

}  // namespace cntr::image
