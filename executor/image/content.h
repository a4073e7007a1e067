// What an image consists of, in one of three shapes, whatever its source. Who makes a tree or a
// packed image of it needs to know nothing else.
#pragma once

#include <memory>
#include <string>
#include <variant>

#include "image/image.h"
#include "image/oci_layout.h"
#include "image/pulled_images.h"
#include "image/sif.h"

namespace cntr::image {

// The layers of an OCI image, lowest first: layout.open_layer(image.layers[i]), whose decompressed
// content has the digest image.config.diff_ids[i].
struct LayerContent {
  OciLayout layout;
  LayoutImage image;
  std::shared_ptr<const PulledImages> hold;  // what keeps them in the cache; null for a layout
};

// A squashfs within a file.
struct SifContent {
  std::string path;
  SifPartition partition;
  std::shared_ptr<const PulledImages> hold;  // as above
};

// A directory or a tar archive.
struct RootfsContent {
  std::string path;
};

using Content = std::variant<LayerContent, SifContent, RootfsContent>;

// The content of an image that was identified before, brought to the cache when it is not there.
// Throws a user Error when the source has changed meanwhile, and as identify() does.
Content open_content(const spec::Image& image, const Digest& identity, store::Cache& cache);

}  // namespace cntr::image
