// Where packages come from: the cache, conda's own package caches, local files, and the network.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/file_system.h"
#include "env/lock.h"
#include "store/sharing.h"

namespace cntr::env {

// A whole package, whose sums are those of the lock.
struct FoundPackage {
  UniqueFd file;  // open to read, at its begin
  Digest sha256;
  uint64_t size = 0;
  std::string path;
};

// Thread-safe; many processes may share the directory.
class PackageSource {
 public:
  // Gets what a URL names into the new file `to`. Throws an Error when it cannot.
  using Download = std::function<void(const std::string& url, const std::string& to)>;

  // `directory` keeps what was downloaded, by SHA-256; `scratch` is on the same file system.
  // `package_caches` are directories of conda's, which are only read.
  PackageSource(std::string directory, std::string scratch, std::vector<std::string> package_caches,
                Download download);

  // Whether get() would have to download it.
  bool is_remote(const LockedPackage& package) const;

  // The SHA-256 of the package that the lock means, when that is known without reading it.
  std::optional<Digest> known_digest(const LockedPackage& package) const;

  // Throws a user Error, at the package's line of the lock, when the lock has no sum for it, when
  // there is no such package and when its sum is another than the lock's.
  FoundPackage get(const LockedPackage& package) const;

 private:
  std::optional<FoundPackage> open_verified(const std::string& path,
                                            const LockedPackage& package) const;
  std::optional<FoundPackage> find_cached(const LockedPackage& package) const;
  FoundPackage open_local(const std::string& path, const LockedPackage& package) const;
  FoundPackage fetch(const LockedPackage& package) const;
  void remember(const std::string& md5, const Digest& sha256) const;

  std::string directory_;
  std::string scratch_;
  std::vector<std::string> package_caches_;
  Download download_;
  store::Sharing sharing_;
};

// The path of a file:// URL, its %XX resolved.
std::string path_of_file_url(const std::string& url);

}  // namespace cntr::env
