#include "image/push.h"

#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "image/resolve.h"
#include "image/skopeo.h"

namespace cntr::image {
namespace {

constexpr std::string_view kTransportVersion = "Directory Transport Version: 1.1\n";

void link_blob(const OciLayout& layout, const Digest& digest, const std::string& directory) {
  const std::string link = directory + "/" + digest.hex();
  // A layer may be listed twice.
  if (symlink(layout.blob_path(digest).c_str(), link.c_str()) != 0 && errno != EEXIST) {
    throw system_error("Cannot make " + link, errno);
  }
}

}  // namespace

void push_image(const LayerContent& content, const std::vector<Reference>& to,
                store::Cache& cache) {
  for (const Reference& reference : to) {
    if (is_lockable(reference)) continue;
    throw user_error(reference.text() + " is not a tag in a registry",
                     {"An image is pushed to [docker://][<host>/]<name>:<tag>."});
  }
  const TemporaryDirectory place(cache.scratch_directory(), "push-");
  const std::string& directory = place.path();
  write_file_atomically(directory + "/version", kTransportVersion);
  write_file_atomically(directory + "/manifest.json",
                        content.layout.read_document(content.image.manifest));
  link_blob(content.layout, content.image.identity, directory);
  for (const Descriptor& layer : content.image.layers) {
    content.layout.open_layer(layer);  // checks it
    link_blob(content.layout, layer.digest, directory);
  }
  for (const Reference& reference : to) skopeo_push(directory, reference);
}

}  // namespace cntr::image
