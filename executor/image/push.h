// Pushing an image to a registry.
#pragma once

#include <string>
#include <vector>

#include "image/content.h"
#include "image/reference.h"
#include "store/cache.h"

namespace cntr::image {

// Pushes manifest, config and layers as they are, under each of the references, which must have
// tags. Throws a user Error for a reference without one, and as skopeo_push() does.
void push_image(const LayerContent& content, const std::vector<Reference>& to, store::Cache& cache);

}  // namespace cntr::image
