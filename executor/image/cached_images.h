// What the cache holds of images, for people.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/digest.h"
#include "store/cache.h"

namespace cntr::image {

struct CachedImage {
  Digest identity;
  uint64_t pulled_bytes = 0;  // manifest, config, layers; or a SIF that was built
  bool is_made = false;       // it is packed or unpacked as well
};

// Sorted by identity.
std::vector<CachedImage> cached_images(const store::Cache& cache);

struct Removed {
  uint64_t images = 0;
  uint64_t bytes = 0;
};

// Removes what no process uses of images that were not used for that long, and blobs that belong to
// no image.
Removed remove_unused_images(const store::Cache& cache, std::chrono::seconds unused_for);

}  // namespace cntr::image
