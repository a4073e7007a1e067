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
  Descriptor manifest;
  Config config;
  std::vector<Descriptor> layers;  // as many as config.diff_ids, in the same order
};

// "linux" and this machine's architecture, in the words of the image specification.
Platform machine_platform();

// The one of an index that is for the platform: the first whose variant every machine of the
// architecture can run, unless `wanted` names a variant. Throws a user Error that begins with
// `where` when there is none.
Descriptor choose_manifest(const std::vector<Descriptor>& listed, const Platform& wanted,
                           const std::string& where);

// Throws a user Error that begins with `where` unless the config is for the platform.
void check_platform(const Config& config, const Platform& wanted, const std::string& where);

class OciLayout {
 public:
  // Throws a user Error when the directory is no OCI layout of a known version.
  explicit OciLayout(std::string directory);

  // The image with that tag (annotation org.opencontainers.image.ref.name), or the only image, for
  // the platform. Throws a user Error that lists what there is when none is, or more than one.
  LayoutImage find(const std::optional<std::string>& tag,
                   const Platform& wanted = machine_platform()) const;

  // The image of a manifest that the layout has a blob of, whatever index.json says.
  LayoutImage image_of(const Descriptor& manifest, const Platform& wanted) const;

  // The bytes of a small blob, checked: a manifest, a config.
  std::string read_document(const Descriptor& descriptor) const;
  std::string blob_path(const Digest& digest) const;

  // The layer's blob, checked, at its beginning.
  UniqueFd open_layer(const Descriptor& layer) const;

 private:
  Descriptor select(const std::vector<Descriptor>& listed, const std::optional<std::string>& tag,
                    const Platform& wanted) const;
  Descriptor resolve_manifest(Descriptor descriptor, const Platform& wanted) const;
  UniqueFd open_blob(const Descriptor& descriptor) const;

  std::string directory_;
};

}  // namespace cntr::image
