#include "image/artifact.h"

#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "base/file_system.h"
#include "base/json.h"
#include "image/oci_json.h"
#include "image/oci_layout.h"
#include "image/resolve.h"
#include "image/skopeo.h"

namespace cntr::image {
namespace {

constexpr std::string_view kManifestType = "application/vnd.oci.image.manifest.v1+json";
constexpr std::string_view kDirectoryVersion = "Directory Transport Version: 1.1\n";

void write_descriptor(JsonWriter& out, const std::string& type, const Digest& digest,
                      uint64_t size) {
  out.begin_object();
  out.key("mediaType").value(type);
  out.key("digest").value(digest.text());
  out.key("size").value(size);
  out.end_object();
}

uint64_t bytes_of_file(const std::string& file) {
  const auto stat = stat_file(file);
  if (!stat) throw system_error("Cannot look at " + file, ENOENT);
  return stat->size;
}

std::string manifest_of(const ArtifactKind& kind, const std::string& config, const Digest& digest,
                        uint64_t size) {
  JsonWriter out;
  out.begin_object();
  out.key("schemaVersion").value(2);
  out.key("mediaType").value(kManifestType);
  out.key("config");
  write_descriptor(out, kind.config_type, digest_of(config), config.size());
  out.key("layers").begin_array();
  write_descriptor(out, kind.file_type, digest, size);
  out.end_array();
  out.end_object();
  return out.text();
}

// What skopeo has checked on its way is checked here where it lies.
std::string checked_blob(const std::string& directory, const Descriptor& descriptor) {
  const std::string path = directory + "/" + descriptor.digest.hex();
  if (bytes_of_file(path) != descriptor.size || digest_of_file(path) != descriptor.digest) {
    throw environment_error("What was fetched is damaged: " + descriptor.digest.text());
  }
  return path;
}

}  // namespace

Digest push_artifact(const ArtifactKind& kind, const std::string& config, const std::string& file,
                     const Reference& to, store::Cache& cache) {
  if (!is_lockable(to)) {
    throw user_error(to.text() + " is not a tag in a registry",
                     {"A " + kind.noun + " is pushed to [docker://]<host>/<name>:<tag>."});
  }
  const TemporaryDirectory place(cache.scratch_directory(), "push-");
  const std::string& directory = place.path();
  const Digest digest = digest_of_file(file);
  const std::string manifest = manifest_of(kind, config, digest, bytes_of_file(file));
  write_file_atomically(directory + "/version", kDirectoryVersion);
  write_file_atomically(directory + "/manifest.json", manifest);
  write_file_atomically(directory + "/" + digest_of(config).hex(), config);
  const std::string link = directory + "/" + digest.hex();
  if (symlink(file.c_str(), link.c_str()) != 0) throw system_error("Cannot make " + link, errno);
  skopeo_push(directory, to);
  return digest_of(manifest);
}

PulledArtifact pull_artifact(const ArtifactKind& kind, const Reference& from,
                             const std::string& directory) {
  skopeo_copy(skopeo_source(from), machine_platform(), directory);
  const std::string text = read_file(directory + "/manifest.json");
  const Manifest manifest = parse_manifest(text, from.text());
  if (manifest.config.media_type != kind.config_type || manifest.layers.size() != 1 ||
      manifest.layers.front().media_type != kind.file_type) {
    throw user_error(from.text() + " is no " + kind.noun);
  }
  const Digest digest = digest_of(text);
  if (from.digest && digest != *from.digest) {
    throw environment_error("What was fetched is not " + from.text());
  }
  return {read_file(checked_blob(directory, manifest.config)),
          checked_blob(directory, manifest.layers.front()), digest};
}

}  // namespace cntr::image
