// Images: what identifies one, and its unpacked tree in the cache. docs/images.md has the rules.
//
// Identity (docs/signature.md): of an OCI image the digest of its config; of a root file system,
// directory or tar alike, the digest of its tree (store/tree.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/digest.h"
#include "base/file_system.h"
#include "spec/spec.h"
#include "store/cache.h"

namespace cntr::image {

// Reads the source and says what it is. An OCI layout: index, manifest and config are read and
// checked against their digests; layers are not. A tar archive is read whole, and packed into the
// cache, once: the cache remembers what an archive's digest stands for. A reference is what the
// lock says, and is added to it; only manifest and config are fetched. What has to be built is
// built. Throws a user Error (at the image's location) for a source that is missing, malformed,
// hostile or of another platform, an environment Error for a full disk.
spec::ImageIdentity identify(const spec::Image& image, store::Cache& cache);

// The same, but asks no registry, builds nothing and locks nothing: nullopt when it would have to.
std::optional<spec::ImageIdentity> identify_without_fetching(const spec::Image& image,
                                                             store::Cache& cache);

// An image of the cache in use. While this object lives it holds a shared lock (flock) on it, so
// that nobody removes it: who wants to, must hold that lock exclusively. Every process that uses it
// holds one of its own.
class ImageUse {
 public:
  ImageUse(std::string path, UniqueFd lock, bool made)
      : path_(std::move(path)), lock_(std::move(lock)), made_(made) {}

  const std::string& path() const { return path_; }
  // Whether this call made it, rather than found it in the cache.
  bool made() const { return made_; }
  // Who keeps a duplicate of it uses the tree as well.
  int lock_descriptor() const { return lock_.get(); }

 private:
  std::string path_;
  UniqueFd lock_;
  bool made_;
};

class PulledImages;

// An image as a squashfs file, in use.
struct PackedImage {
  std::string file;
  uint64_t offset = 0;                       // in a SIF
  std::optional<ImageUse> use;               // what keeps it in the cache
  std::shared_ptr<const PulledImages> hold;  // the same of a SIF that was built
};

// The squashfs file of `identity`, made when it is not there: once, also when many processes ask at
// the same time, and never half. In its root are directories /src, /build, /proc, /dev and /tmp,
// empty ones where the image has none; but a SIF is taken as it is. It is never changed afterwards.
// Throws a user Error for a hostile, damaged or meanwhile changed source, an environment Error for
// a full disk.
PackedImage packed_image(const spec::Image& image, const spec::ImageIdentity& identity,
                         store::Cache& cache);
// The same, when it has not to be made.
std::optional<PackedImage> find_packed_image(const spec::Image& image,
                                             const spec::ImageIdentity& identity,
                                             store::Cache& cache);

// The same as a directory, for where no squashfs file can be mounted. Owners, devices and extended
// attributes are not kept.
ImageUse unpacked_tree(const spec::Image& image, const spec::ImageIdentity& identity,
                       store::Cache& cache);
std::optional<ImageUse> find_unpacked_tree(const Digest& identity, store::Cache& cache);

}  // namespace cntr::image
