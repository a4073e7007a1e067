// The identity of a step's image: read from the file that the image's edge wrote.
#pragma once

#include <optional>
#include <string>

#include "spec/spec.h"
#include "store/cache.h"

namespace cntr::build {

// "<dir>/<name>.yaml" -> "<dir>/<name>.identity".
std::string identity_path(const std::string& image_spec_path);

// Looks at the image's source, writes its identity file (when it changed) and its depfile. For
// `cntr image prepare`. Throws as image::identify() does.
spec::ImageIdentity prepare_image(const std::string& image_spec_path, store::Cache& cache);

// What the identity file says; nullopt when there is none.
std::optional<spec::ImageIdentity> last_image_identity(const std::string& image_spec_path);

// What the image's source is now, whatever the identity file says; what that says where only a
// registry could tell (PULL always). Writes nothing into the build tree. Throws as
// image::identify() does.
spec::ImageIdentity identity_of_source(const std::string& image_spec_path, store::Cache& cache);

// What the identity file says; prepares the image when there is none.
spec::ImageIdentity current_image_identity(const std::string& image_spec_path, store::Cache& cache);

}  // namespace cntr::build
