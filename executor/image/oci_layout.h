// OCI image layouts (image-spec v1.1, image-layout.md): a directory with oci-layout, index.json and
// blobs/sha256/. Hostile: no byte of a blob is used before its size and digest are checked.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/file_system.h"
#include "image/oci_json.h"

namespace cntr::image {

// One image of a layout.
struct LayoutImage {
  Digest identity;  // of its config
  Config config;
  std::vector<Descriptor> layers;  // as many as config.diff_ids, in the same order
};

class OciLayout {
 public:
  // Throws a user Error when the directory is no OCI layout of a known version.
  explicit OciLayout(std::string directory);

  // The image with that tag (annotation org.opencontainers.image.ref.name), or the only image, for
  // this machine's platform. Throws a user Error that lists what there is when none is, or more
  // than one.
  LayoutImage find(const std::optional<std::string>& tag) const;

  // The layer's blob, checked, at its beginning.
  UniqueFd open_layer(const Descriptor& layer) const;

 private:
  Descriptor select(const std::vector<Descriptor>& listed,
                    const std::optional<std::string>& tag) const;
  Manifest resolve_manifest(Descriptor descriptor) const;
  std::string blob_path(const Descriptor& descriptor) const;
  UniqueFd open_blob(const Descriptor& descriptor) const;
  std::string read_document(const Descriptor& descriptor) const;

  std::string directory_;
};

// "linux" and this machine's architecture, in the words of the image specification.
Platform machine_platform();

}  // namespace cntr::image
