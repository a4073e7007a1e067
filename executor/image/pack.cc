#include "image/pack.h"

#include <vector>

#include "squashfs/image_writer.h"

namespace cntr::image {

void pack(const FlatImage& image, const squashfs::Compression& compression,
          const std::string& path) {
  std::vector<const squashfs::DataPack*> packs;
  for (const squashfs::DataPack& contents : image.packs) packs.push_back(&contents);
  squashfs::write_image(image.tree, packs, compression, path);
}

}  // namespace cntr::image
