#include "image/pulled_images.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <map>

#include "base/error.h"
#include "image/lock_file.h"

namespace cntr::image {
namespace {

const std::string kSifType = "application/vnd.sylabs.sif.layer.v1.sif";
constexpr std::string_view kLayoutVersion = "{\"imageLayoutVersion\":\"1.0.0\"}\n";

void make_shared_directory(const std::string& path, mode_t root_mode) {
  if (mkdir(path.c_str(), 0700) != 0) {
    if (errno == EEXIST) return;
    throw system_error("Cannot make the directory " + path, errno);
  }
  chmod(path.c_str(), 0700 | (root_mode & 07077));  // failing, the cache is not shared
}

void sync_to_disk(const std::string& directory) {
  const UniqueFd fd = open_to_read(directory);
  if (syncfs(fd.get()) != 0) throw system_error("Cannot write " + directory, errno);
}

// What processes left behind that were killed. The caller holds the key's lock.
void remove_old(const std::string& scratch, const std::string& prefix) {
  for (const std::string& name : list_directory(scratch)) {
    if (!name.starts_with(prefix)) continue;
    try {
      remove_tree(scratch + "/" + name);
    } catch (const Error&) {
      // It belongs to another user of the cache: it only takes space.
    }
  }
}

// `cntr image gc` goes by it. Failing, another user of the cache has brought the file.
void note_use(const std::string& path) { utimensat(AT_FDCWD, path.c_str(), nullptr, 0); }

std::string index_text(const std::string& media_type, const Digest& digest, uint64_t size) {
  return "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"" + media_type + "\",\"digest\":\"" +
         digest.text() + "\",\"size\":" + std::to_string(size) + "}]}\n";
}

}  // namespace

PulledImages::PulledImages(const store::Cache& cache) : scratch_(cache.scratch_directory()) {
  const std::string images = cache.images_directory();
  directory_ = images + "/pulled";
  lock_prefix_ = images + "/pull-";
  const auto root = stat_file(cache.root());
  if (!root) throw environment_error("The cache " + cache.root() + " has disappeared");
  root_mode_ = root->mode;
  shared_ = lock_file(images + "/pulled.lock", LOCK_SH, root_mode_);
  make_shared_directory(directory_, root_mode_);
  make_shared_directory(directory_ + "/blobs", root_mode_);
  make_shared_directory(directory_ + "/blobs/sha256", root_mode_);
  make_shared_directory(directory_ + "/images", root_mode_);
  make_shared_directory(directory_ + "/turns", root_mode_);
  if (!exists(directory_ + "/oci-layout")) {
    write_file_atomically(directory_ + "/oci-layout", kLayoutVersion);
  }
}

std::string PulledImages::blob_path(const Digest& digest) const {
  return directory_ + "/blobs/sha256/" + digest.hex();
}

std::string PulledImages::image_path(const Digest& identity) const {
  return directory_ + "/images/" + identity.hex();
}

std::optional<std::string> PulledImages::find_document(const Digest& digest) const {
  auto text = read_file_if_exists(blob_path(digest));
  if (!text || digest_of(*text) != digest) return std::nullopt;
  note_use(blob_path(digest));
  return text;
}

void PulledImages::add_document(const Digest& digest, std::string_view bytes) {
  write_file_atomically(blob_path(digest), bytes);
}

std::optional<LayoutImage> PulledImages::find(const Digest& identity,
                                              const Platform& platform) const {
  const std::string path = image_path(identity);
  const auto text = read_file_if_exists(path);
  if (!text) return std::nullopt;
  try {
    const std::vector<Descriptor> listed = parse_index(*text, path);
    LayoutImage image = layout().image_of(choose_manifest(listed, platform, path), platform);
    if (image.identity != identity) return std::nullopt;
    for (const Descriptor& layer : image.layers) {
      const auto blob = stat_file(blob_path(layer.digest));
      if (!blob || blob->size != layer.size) return std::nullopt;
    }
    note_use(path);
    return image;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kUser) throw;
    return std::nullopt;  // damaged: it is brought again
  }
}

void PulledImages::keep(const std::string& from, const Digest& digest) {
  chmod(from.c_str(), 0400 | (root_mode_ & 0044));
  rename_path(from, blob_path(digest));
}

LayoutImage PulledImages::take(const std::string& directory, const Platform& platform) {
  const std::string manifest_file = directory + "/manifest.json";
  const std::string text = read_file(manifest_file);
  const Digest digest = digest_of(text);
  const std::string media_type = media_type_of(text, "the manifest");
  if (!is_manifest(media_type)) {
    throw user_error("its manifest is of the unknown type " + media_type);
  }
  const Manifest manifest = parse_manifest(text, "the manifest");
  const std::string config_file = directory + "/" + manifest.config.digest.hex();
  const std::string config = read_file(config_file);
  if (digest_of(config) != manifest.config.digest) {
    throw user_error("its config does not have the digest that the manifest names");
  }
  check_platform(parse_config(config, "the config"), platform, "it");
  sync_to_disk(directory);
  for (const Descriptor& layer : manifest.layers) {
    const std::string file = directory + "/" + layer.digest.hex();
    const auto info = stat_link(file);
    // A layer may be listed twice; a link leads to one that is kept.
    if (info && info->kind == FileKind::kRegular) keep(file, layer.digest);
  }
  keep(config_file, manifest.config.digest);
  keep(manifest_file, digest);
  write_file_atomically(image_path(manifest.config.digest),
                        index_text(media_type, digest, text.size()));
  auto image = find(manifest.config.digest, platform);
  if (!image) throw user_error("it is damaged: not all that its manifest names is there");
  return std::move(*image);
}

void PulledImages::take_turn(const std::string& key, const std::function<bool()>& known,
                             const std::function<void(const std::string&)>& fetch) {
  const UniqueFd turn = lock_file(lock_prefix_ + key + ".lock", LOCK_EX, root_mode_);
  if (known()) return;
  const std::string prefix = "pull-" + key + ".";
  remove_old(scratch_, prefix);
  const TemporaryDirectory place(scratch_, prefix);
  fetch(place.path() + "/image");
}

std::vector<UniqueFd> PulledImages::take_turn_at(const std::vector<Descriptor>& layers,
                                                 const std::string& directory) {
  std::map<Digest, uint64_t> sizes;  // sorted, so that no two processes wait for each other
  for (const Descriptor& layer : layers) sizes.emplace(layer.digest, layer.size);
  std::vector<UniqueFd> turns;
  for (const auto& [digest, size] : sizes) {
    turns.push_back(lock_file(directory_ + "/turns/" + digest.hex(), LOCK_EX, root_mode_));
  }
  make_directories(directory);
  for (const auto& [digest, size] : sizes) {
    const std::string blob = blob_path(digest);
    const auto info = stat_file(blob);
    if (!info || info->size != size || digest_of_file(blob) != digest) continue;
    const std::string link = directory + "/" + digest.hex();
    if (symlink(blob.c_str(), link.c_str()) != 0) throw system_error("Cannot make " + link, errno);
  }
  return turns;
}

LayoutImage PulledImages::bring(const Platform& platform, const Work& work) {
  std::optional<LayoutImage> image;
  take_turn(
      work.key,
      [&] {
        image = work.known();
        return image.has_value();
      },
      [&](const std::string& directory) {
        std::vector<UniqueFd> turns;
        if (!work.layers.empty()) turns = take_turn_at(work.layers, directory);
        work.fetch(directory);
        image = take(directory, platform);
        if (work.record) work.record(*image);
      });
  return std::move(*image);
}

std::optional<std::string> PulledImages::find_file(const Digest& digest) const {
  std::string path = blob_path(digest);
  if (!exists(path)) return std::nullopt;
  note_use(image_path(digest));
  return path;
}

Digest PulledImages::bring_file(const FileWork& work) {
  std::optional<Digest> digest;
  take_turn(
      work.key,
      [&] {
        digest = work.known();
        return digest.has_value();
      },
      [&](const std::string& file) {
        work.fetch(file);
        digest = digest_of_file(file);
        const uint64_t size = stat_file(file)->size;
        sync_to_disk(parent_path(file));
        keep(file, *digest);
        write_file_atomically(image_path(*digest), index_text(kSifType, *digest, size));
        work.record(*digest);
      });
  return *digest;
}

}  // namespace cntr::image
