// Images in one file: what `docker save` and `podman save` write, and OCI layouts in a tar.
#pragma once

#include <string>

#include "image/resolve.h"

namespace cntr::image {

// Reads the archive, unless the cache knows its digest, and brings the image to the cache. Throws a
// user Error that begins with the path for what is no such archive, holds more than one image, or
// is damaged.
ResolvedImage identify_image_archive(const std::string& archive, Resolver& resolver,
                                     store::Cache& cache);

// The image with its layers, in the cache afterwards. Throws a user Error when the archive holds
// another image now.
LayoutImage bring_image_archive(const std::string& archive, const Digest& identity,
                                Resolver& resolver, store::Cache& cache);

}  // namespace cntr::image
