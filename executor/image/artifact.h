// One file in a registry, as an OCI artifact (image-spec v1.1, "Guidelines for Artifact Usage"): a
// manifest with a config, which says what the file is, and the file as its only layer.
#pragma once

#include <string>

#include "base/digest.h"
#include "image/reference.h"
#include "store/cache.h"

namespace cntr::image {

struct ArtifactKind {
  std::string config_type;  // media types
  std::string file_type;
  std::string noun;  // for messages: "conda environment"
};

// Pushes the file under a tag. Returns the manifest's digest. Throws a user Error for a reference
// that is no tag in a registry, and as skopeo_push() does.
Digest push_artifact(const ArtifactKind& kind, const std::string& config, const std::string& file,
                     const Reference& to, store::Cache& cache);

// Brings it into the directory, which is new: the file as `file`. Returns the config. Every byte is
// what the manifest says, and that is what the reference says when it has a digest. Throws a user
// Error for what is no artifact of that kind, and as skopeo_copy() does.
struct PulledArtifact {
  std::string config;
  std::string file;
  Digest manifest;
};
PulledArtifact pull_artifact(const ArtifactKind& kind, const Reference& from,
                             const std::string& directory);

}  // namespace cntr::image
