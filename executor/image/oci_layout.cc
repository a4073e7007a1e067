#include "image/oci_layout.h"

#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <set>

#include "base/error.h"
#include "base/text.h"

namespace cntr::image {
namespace {

// Registries refuse larger manifests; configs with a long history stay far below.
constexpr uint64_t kMaxDocument = uint64_t{8} << 20;
constexpr int kMaxNestedIndexes = 8;

bool is_config(const std::string& media_type) {
  return media_type == "application/vnd.oci.image.config.v1+json" ||
         media_type == "application/vnd.docker.container.image.v1+json";
}

bool is_layer(const std::string& media_type) {
  static const std::set<std::string> kLayers = {
      "application/vnd.oci.image.layer.v1.tar",
      "application/vnd.oci.image.layer.v1.tar+gzip",
      "application/vnd.oci.image.layer.v1.tar+zstd",
      "application/vnd.oci.image.layer.nondistributable.v1.tar",
      "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
      "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
      "application/vnd.docker.image.rootfs.diff.tar",
      "application/vnd.docker.image.rootfs.diff.tar.gzip",
      "application/vnd.docker.image.rootfs.diff.tar.zstd",
      "application/vnd.docker.image.rootfs.foreign.diff.tar",
      "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
  };
  return kLayers.contains(media_type);
}

// Opens without waiting for a writer (a fifo) and refuses all but regular files.
UniqueFd open_regular(const std::string& path, uint64_t& size) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!fd.valid() && (errno == ENOENT || errno == ENOTDIR)) {
    throw user_error("there is no file " + path);
  }
  if (!fd.valid()) throw system_error("Cannot read " + path, errno);
  const auto info = stat_descriptor(fd.get());
  if (!info || info->kind != FileKind::kRegular) throw user_error(path + " is not a file");
  size = info->size;
  return fd;
}

std::string read_all(int fd, uint64_t size, const std::string& path) {
  if (size > kMaxDocument) {
    throw user_error(path + " is larger than " + std::to_string(kMaxDocument >> 20) + " MiB");
  }
  std::string out(size, '\0');
  size_t done = 0;
  while (done < out.size()) {
    const ssize_t count = read(fd, out.data() + done, out.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error("Cannot read " + path, errno);
    if (count == 0) break;
    done += static_cast<size_t>(count);
  }
  out.resize(done);
  return out;
}

std::string read_document_at(const std::string& path) {
  uint64_t size = 0;
  const UniqueFd fd = open_regular(path, size);
  return read_all(fd.get(), size, path);
}

// A descriptor without a platform may be of any: its config will tell.
bool fits(const Descriptor& descriptor, const Platform& wanted) {
  return !descriptor.platform ||
         (descriptor.platform->os == wanted.os &&
          descriptor.platform->architecture == wanted.architecture &&
          (wanted.variant.empty() || descriptor.platform->variant == wanted.variant));
}

// The variant that every machine of the architecture can run.
bool is_baseline(const Descriptor& descriptor) {
  if (!descriptor.platform) return true;
  const std::string& variant = descriptor.platform->variant;
  if (variant.empty()) return true;
  return variant == (descriptor.platform->architecture == "arm64" ? "v8" : "v1");
}

// "If multiple manifests match, the first matching entry should be used" (image-index.md), except
// that it must not need more than this machine may have.
std::optional<Descriptor> first_fitting(const std::vector<Descriptor>& descriptors,
                                        const Platform& wanted) {
  std::optional<Descriptor> first;
  for (const Descriptor& descriptor : descriptors) {
    if (!fits(descriptor, wanted)) continue;
    if (is_baseline(descriptor)) return descriptor;
    if (!first) first = descriptor;
  }
  return first;
}

// Several images for this machine that are not variants of one.
bool is_ambiguous(const std::vector<Descriptor>& descriptors, const Platform& wanted) {
  std::set<Digest> images;
  std::set<std::string> platforms;
  std::set<std::string> names;
  for (const Descriptor& descriptor : descriptors) {
    if (!fits(descriptor, wanted) || !images.insert(descriptor.digest).second) continue;
    platforms.insert(descriptor.platform ? descriptor.platform->text() : "");
    names.insert(descriptor.ref_name);
  }
  return images.size() > 1 && (names.size() > 1 || platforms.size() < images.size());
}

Error other_platform(const std::string& where, const Platform& wanted,
                     const std::set<std::string>& platforms) {
  return user_error(where + " has no image for " + wanted.text(),
                    {"It is for " + join({platforms.begin(), platforms.end()}, ", ") + "."});
}

std::set<std::string> platforms_of(const std::vector<Descriptor>& descriptors) {
  std::set<std::string> out;
  for (const Descriptor& descriptor : descriptors) {
    if (descriptor.platform) out.insert(escaped(descriptor.platform->text()));
  }
  return out;
}

std::string tag_list(const std::vector<Descriptor>& descriptors) {
  std::set<std::string> tags;
  for (const Descriptor& descriptor : descriptors) {
    if (!descriptor.ref_name.empty()) tags.insert(escaped(descriptor.ref_name));
  }
  if (tags.empty()) return "None of its images has a tag.";
  return "Its tags: " + join({tags.begin(), tags.end()}, ", ") + ".";
}

}  // namespace

Platform machine_platform() {
  static const std::map<std::string, std::string> kNames = {
      {"x86_64", "amd64"}, {"aarch64", "arm64"}, {"i386", "386"},           {"i686", "386"},
      {"armv6l", "arm"},   {"armv7l", "arm"},    {"loongarch64", "loong64"}};
  utsname names{};
  uname(&names);
  const auto found = kNames.find(names.machine);
  return {"linux", found != kNames.end() ? found->second : names.machine, ""};
}

Descriptor choose_manifest(const std::vector<Descriptor>& listed, const Platform& wanted,
                           const std::string& where) {
  if (listed.empty()) throw user_error(where + " lists no image");
  if (const auto chosen = first_fitting(listed, wanted)) return *chosen;
  throw other_platform(where, wanted, platforms_of(listed));
}

void check_platform(const Config& config, const Platform& wanted, const std::string& where) {
  const Platform& found = config.platform;
  if (found.os == wanted.os && found.architecture == wanted.architecture) return;
  throw other_platform(where, wanted, {escaped(found.text())});
}

OciLayout::OciLayout(std::string directory) : directory_(std::move(directory)) {
  const auto info = stat_file(directory_);
  if (!info) throw user_error("there is no directory " + directory_);
  const std::string version_file = directory_ + "/oci-layout";
  if (info->kind != FileKind::kDirectory || !exists(version_file)) {
    throw user_error(directory_ + " is not an OCI layout: it has no file oci-layout");
  }
  check_layout_version(read_document_at(version_file), version_file);
}

LayoutImage OciLayout::find(const std::optional<std::string>& tag, const Platform& wanted) const {
  const std::string index_file = directory_ + "/index.json";
  return image_of(select(parse_index(read_document_at(index_file), index_file), tag, wanted),
                  wanted);
}

LayoutImage OciLayout::image_of(const Descriptor& descriptor, const Platform& wanted) const {
  const Descriptor resolved = resolve_manifest(descriptor, wanted);
  const Manifest manifest = parse_manifest(read_document(resolved), blob_path(resolved.digest));
  const std::string where = blob_path(manifest.config.digest);
  if (!is_config(manifest.config.media_type)) {
    throw user_error(directory_ + " holds an artifact, not an image: its config is of type " +
                     quote(manifest.config.media_type));
  }
  LayoutImage out;
  out.identity = manifest.config.digest;
  out.manifest = resolved;
  out.config = parse_config(read_document(manifest.config), where);
  out.layers = manifest.layers;
  check_platform(out.config, wanted, directory_);
  if (out.layers.size() != out.config.diff_ids.size()) {
    throw user_error(where + " lists " + std::to_string(out.config.diff_ids.size()) +
                     " layers, the manifest " + std::to_string(out.layers.size()));
  }
  for (const Descriptor& layer : out.layers) {
    if (!is_layer(layer.media_type)) {
      throw user_error(directory_ + " has a layer of the unknown type " + quote(layer.media_type));
    }
  }
  return out;
}

Descriptor OciLayout::select(const std::vector<Descriptor>& listed,
                             const std::optional<std::string>& tag, const Platform& wanted) const {
  std::vector<Descriptor> matching = listed;
  if (tag) {
    std::erase_if(matching, [&](const Descriptor& one) { return one.ref_name != *tag; });
  }
  if (matching.empty()) {
    if (!tag) throw user_error(directory_ + " holds no image");
    throw user_error(directory_ + " has no image with the tag " + quote(*tag), {tag_list(listed)});
  }
  const Descriptor first = choose_manifest(matching, wanted, directory_);
  if (is_ambiguous(matching, wanted)) {
    throw user_error(
        directory_ + " holds more than one image" + (tag ? " with the tag " + quote(*tag) : ""),
        {tag_list(listed), "Name one: OCI_LAYOUT <directory>:<tag>."});
  }
  return first;
}

Descriptor OciLayout::resolve_manifest(Descriptor descriptor, const Platform& wanted) const {
  for (int depth = 0; is_index(descriptor.media_type); ++depth) {
    const std::string where = blob_path(descriptor.digest);
    if (depth == kMaxNestedIndexes) {
      throw user_error(where + " is nested in more than " + std::to_string(kMaxNestedIndexes) +
                       " indexes");
    }
    descriptor = choose_manifest(parse_index(read_document(descriptor), where), wanted, where);
  }
  if (!is_manifest(descriptor.media_type)) {
    throw user_error(directory_ + " has a manifest of the unknown type " +
                     quote(descriptor.media_type));
  }
  return descriptor;
}

std::string OciLayout::blob_path(const Digest& digest) const {
  return directory_ + "/blobs/sha256/" + digest.hex();
}

UniqueFd OciLayout::open_blob(const Descriptor& descriptor) const {
  const std::string path = blob_path(descriptor.digest);
  uint64_t size = 0;
  UniqueFd fd = open_regular(path, size);
  if (size != descriptor.size) {
    throw user_error(path + " is damaged: it has " + std::to_string(size) + " bytes, not " +
                     std::to_string(descriptor.size));
  }
  return fd;
}

std::string OciLayout::read_document(const Descriptor& descriptor) const {
  const std::string path = blob_path(descriptor.digest);
  const UniqueFd fd = open_blob(descriptor);
  std::string text = read_all(fd.get(), descriptor.size, path);
  if (digest_of(text) != descriptor.digest) {
    throw user_error(path + " is damaged: its content does not have the digest of its name");
  }
  return text;
}

UniqueFd OciLayout::open_layer(const Descriptor& layer) const {
  const std::string path = blob_path(layer.digest);
  UniqueFd fd = open_blob(layer);
  if (digest_of_open_file(fd.get(), path) != layer.digest) {
    throw user_error(path + " is damaged: its content does not have the digest of its name");
  }
  if (lseek(fd.get(), 0, SEEK_SET) != 0) throw system_error("Cannot read " + path, errno);
  return fd;
}

}  // namespace cntr::image
