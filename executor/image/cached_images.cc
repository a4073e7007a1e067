#include "image/cached_images.h"

#include <sys/file.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/clock.h"
#include "base/error.h"
#include "image/oci_json.h"

namespace cntr::image {
namespace {

struct Paths {
  explicit Paths(const store::Cache& cache)
      : images(cache.images_directory()),
        pulled(images + "/pulled"),
        records(pulled + "/images"),
        blobs(pulled + "/blobs/sha256"),
        turns(pulled + "/turns") {}

  std::string images;
  std::string pulled;
  std::string records;
  std::string blobs;
  std::string turns;
};

std::vector<std::string> names_in(const std::string& directory) {
  return exists(directory) ? list_directory(directory) : std::vector<std::string>();
}

uint64_t size_of(const std::string& path) {
  const auto info = stat_link(path);
  return info ? info->size : 0;
}

// What a record of a pulled image needs: the digests of its blobs. Empty when it is damaged.
std::set<Digest> blobs_of(const std::string& record, const std::string& blobs) {
  std::set<Digest> out;
  try {
    for (const Descriptor& listed : parse_index(read_file(record), record)) {
      out.insert(listed.digest);
      if (!is_manifest(listed.media_type)) continue;
      const std::string path = blobs + "/" + listed.digest.hex();
      const Manifest manifest = parse_manifest(read_file(path), path);
      out.insert(manifest.config.digest);
      for (const Descriptor& layer : manifest.layers) out.insert(layer.digest);
    }
  } catch (const Error&) {
    return {};
  }
  return out;
}

// Of a directory with a packed or an unpacked image; nullopt for others.
std::optional<Digest> identity_of(const std::string& name) {
  const std::string hex = name.substr(0, name.find('-'));
  return name == hex || name == hex + "-tree" ? Digest::parse(hex) : std::nullopt;
}

// Removes what it can: something may belong to another user of the cache.
void remove_if_possible(const std::string& path) {
  try {
    remove_tree(path);
  } catch (const Error&) {
  }
}

class Sweep {
 public:
  Sweep(const store::Cache& cache, std::chrono::seconds unused_for)
      : paths_(cache),
        scratch_(cache.scratch_directory()),
        oldest_(system_clock().file_time() -
                std::chrono::duration_cast<std::chrono::nanoseconds>(unused_for).count()) {}

  Removed run() {
    sweep_made();
    sweep_pulled();
    return removed_;
  }

 private:
  bool is_old(const std::string& path) const {
    const auto info = stat_link(path);
    return info && info->mtime <= oldest_;
  }

  void sweep_made() {
    for (const std::string& name : names_in(paths_.images)) {
      if (!identity_of(name)) continue;
      const std::string made = paths_.images + "/" + name;
      const auto lock = FileLock::try_lock(made + ".lock");
      if (!lock || !is_old(made + "/complete")) continue;
      const TemporaryDirectory aside(scratch_, "cleared-");
      rename_path(made, aside.path() + "/image");
      ++removed_.images;
    }
  }

  void sweep_pulled() {
    if (!exists(paths_.pulled)) return;
    const auto lock = FileLock::try_lock(paths_.pulled + ".lock");
    if (!lock) return;  // in use
    std::set<Digest> needed;
    for (const std::string& name : names_in(paths_.records)) {
      const std::string record = paths_.records + "/" + name;
      const std::set<Digest> blobs = blobs_of(record, paths_.blobs);
      // Whoever asks for the identity reads the config, which is named as the record is.
      const bool is_used = !is_old(record) || (exists(paths_.blobs + "/" + name) &&
                                               !is_old(paths_.blobs + "/" + name));
      if (!is_used || blobs.empty()) {
        remove_if_possible(record);
        ++removed_.images;
      } else {
        needed.insert(blobs.begin(), blobs.end());
      }
    }
    for (const std::string& name : names_in(paths_.blobs)) {
      const auto digest = Digest::parse(name);
      const std::string blob = paths_.blobs + "/" + name;
      // Configs and manifests of images that were looked up only are worth keeping for a while.
      if ((digest && needed.contains(*digest)) || !is_old(blob)) continue;
      removed_.bytes += size_of(blob);
      remove_if_possible(blob);
    }
    // Nobody holds one of these without the lock.
    for (const std::string& name : names_in(paths_.turns)) {
      if (!exists(paths_.blobs + "/" + name)) remove_if_possible(paths_.turns + "/" + name);
    }
  }

  Paths paths_;
  std::string scratch_;
  int64_t oldest_;
  Removed removed_;
};

}  // namespace

std::vector<CachedImage> cached_images(const store::Cache& cache) {
  const Paths paths(cache);
  std::map<Digest, CachedImage> images;
  for (const std::string& name : names_in(paths.records)) {
    const auto identity = Digest::parse(name);
    if (!identity) continue;
    CachedImage& image = images[*identity];
    for (const Digest& blob : blobs_of(paths.records + "/" + name, paths.blobs)) {
      image.pulled_bytes += size_of(paths.blobs + "/" + blob.hex());
    }
  }
  for (const std::string& name : names_in(paths.images)) {
    if (const auto identity = identity_of(name)) images[*identity].is_made = true;
  }
  std::vector<CachedImage> out;
  for (auto& [identity, image] : images) {
    image.identity = identity;
    out.push_back(image);
  }
  return out;
}

Removed remove_unused_images(const store::Cache& cache, std::chrono::seconds unused_for) {
  return Sweep(cache, unused_for).run();
}

}  // namespace cntr::image
