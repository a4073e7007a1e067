#include "env/package_loader.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "base/error.h"
#include "base/parallel.h"
#include "base/text.h"
#include "env/package_archive.h"
#include "env/stage_counter.h"
#include "squashfs/data_pack_writer.h"

namespace cntr::env {
namespace {

constexpr unsigned kDownloads = 8;  // at once: most of their time is waiting

// What a package's own metadata says must be what the lock says.
void check_identity(const LockedPackage& lock, const PackageInfo& info) {
  if (lock.name == info.name && lock.version == info.version && lock.build == info.build) return;
  throw user_error_at(lock.where,
                      "The package " + lock.file_name + " says that it is " + quote(info.dist()));
}

class Loader {
 public:
  Loader(const EnvOptions& options, const PackageSource& source, const PackStore& store,
         squashfs::WorkerPool& pool)
      : options_(options), source_(source), store_(store), pool_(pool) {}

  // Takes what the cache has ready. Downloads the package otherwise, if it must be.
  LoadedPackage find(const LockedPackage& lock) const {
    LoadedPackage out;
    out.lock = lock;
    if (const auto digest = source_.known_digest(lock)) {
      if (auto found = store_.find(key_of(*digest))) {
        out.lock.sha256 = digest;
        out.stored = *std::move(found);
        out.was_ready = true;
      }
    }
    if (!out.was_ready && source_.is_remote(lock)) source_.get(lock);
    return out;
  }

  void finish(LoadedPackage& out, const WarningSink& warn) const {
    if (!out.was_ready) make(out, warn);
    check_identity(out.lock, out.stored.package.info);
  }

 private:
  Digest key_of(const Digest& package) const {
    return PackStore::key(package, options_.prefix, options_.compression);
  }

  void make(LoadedPackage& out, const WarningSink& warn) const {
    FoundPackage found = source_.get(out.lock);
    out.lock.sha256 = found.sha256;
    out.stored = store_.add(key_of(found.sha256), [&](UniqueFd file) {
      PackageArchive archive(std::move(found.file), out.lock.file_name);
      squashfs::DataPackWriter writer(std::move(file), out.lock.file_name, options_.compression,
                                      pool_);
      PackedPackage package = pack_package(archive, options_.prefix, writer, warn);
      return PackStore::Made{std::move(package), writer.finish()};
    });
  }

  const EnvOptions& options_;
  const PackageSource& source_;
  const PackStore& store_;
  squashfs::WorkerPool& pool_;
};

// Those that take longest first, so that none of them is alone at the end.
std::vector<size_t> longest_first(const std::vector<LockedPackage>& packages) {
  constexpr uint64_t kBzip2Weight = 8;  // how much longer it takes than zstd, byte by byte
  std::vector<uint64_t> sizes;
  for (const LockedPackage& package : packages) {
    std::optional<FileStat> stat;
    if (package.url.starts_with("file://")) stat = stat_file(path_of_file_url(package.url));
    const uint64_t size = package.size.value_or(stat ? stat->size : 0);
    sizes.push_back(package.file_name.ends_with(".bz2") ? size * kBzip2Weight : size);
  }
  std::vector<size_t> out(packages.size());
  std::iota(out.begin(), out.end(), 0);
  std::stable_sort(out.begin(), out.end(),
                   [&](size_t one, size_t other) { return sizes[one] > sizes[other]; });
  return out;
}

}  // namespace

std::vector<LoadedPackage> load_packages(const EnvLock& lock, const EnvOptions& options,
                                         const PackageSource& source, const PackStore& store,
                                         squashfs::WorkerPool& pool, const WarningSink& warn,
                                         const EnvProgress& progress) {
  const Loader loader(options, source, store, pool);
  const std::vector<size_t> order = longest_first(lock.packages);
  std::vector<LoadedPackage> out(lock.packages.size());
  StageCounter fetched(progress, EnvStage::kFetching, order.size());
  run_in_parallel(order.size(), kDownloads, [&](size_t i) {
    out[order[i]] = loader.find(lock.packages[order[i]]);
    fetched.add_one();
  });
  std::vector<std::vector<std::string>> warnings(lock.packages.size());
  StageCounter packed(progress, EnvStage::kPacking, order.size());
  run_in_parallel(order.size(), pool.threads(), [&](size_t i) {
    const size_t place = order[i];
    loader.finish(out[place],
                  [&](const std::string& sentence) { warnings[place].push_back(sentence); });
    packed.add_one();
  });
  for (const std::vector<std::string>& sentences : warnings) {
    for (const std::string& sentence : sentences) warn(sentence);
  }
  return out;
}

}  // namespace cntr::env
