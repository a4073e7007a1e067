// An image of a project as people and programs ask for it. Brings nothing and builds nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "image/image.h"
#include "image/oci_json.h"

namespace cntr::image {

struct ImageView {
  std::string kind;                             // "reference", "rootfs", "sif", ...
  std::string source;                           // the reference or the path
  std::optional<spec::ImageIdentity> identity;  // nullopt: it was not looked up or built yet
  std::vector<Descriptor> layers;               // of an OCI image whose layers are here
  uint64_t bytes = 0;                           // of the layers as they are kept, or of the file
  bool is_here = false;                         // all that a step needs of it
};

// Kind and source: what the project says of it.
ImageView declared_view(const spec::Image& image);

// `last` is the identity that the last build has found: it holds where only a registry could tell
// (PULL always). Throws as identify_without_fetching() does.
ImageView view_of(const spec::Image& image, const std::optional<spec::ImageIdentity>& last,
                  store::Cache& cache);

}  // namespace cntr::image
