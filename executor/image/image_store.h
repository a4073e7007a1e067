// Where images lie in the cache, packed or unpacked, and how each is made once.
//
//   <images>/<name>/complete     written last: without it, or with another version in it, the
//                                directory is rubbish and is made anew
//   <images>/<name>/image.sqfs   the image in one file; <name> is the <hex> of its identity
//   <images>/<name>/rootfs/      its unpacked tree; <name> is <hex>-tree
//   <images>/<name>.lock         shared by who uses it; exclusive for who puts it there or removes
//                                it, which takes a moment
//   <images>/make-<key>.lock     exclusive for who makes it; <key> is its <name>, or archive-<hex>
//                                while only the archive's digest is known
//   <scratch>/image-<key>.*      being made; removed by the next who makes it
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/digest.h"
#include "image/image.h"
#include "image/tree_modes.h"

namespace cntr::image {

enum class ImageForm { kPacked, kUnpacked };

class ImageStore {
 public:
  explicit ImageStore(const store::Cache& cache);

  TreeModes modes() const { return TreeModes(root_mode_); }

  // Makes the file, or fills the empty directory, at this path, private to this process.
  using Fill = std::function<void(const std::string& path)>;

  // The image of that identity when it is there.
  std::optional<ImageUse> find(const Digest& identity, ImageForm form);
  // The same, made with `fill` when it is not there.
  ImageUse acquire(const Digest& identity, ImageForm form, const Fill& fill);

  // Makes a packed image whose identity only `fill` can tell, and keeps it under that unless it is
  // there already. `key` names the work. One process at a time works on a key; when another has
  // done so meanwhile, `known` gives what it found and nothing is made.
  Digest make(const std::string& key, const std::function<std::optional<Digest>()>& known,
              const std::function<Digest(const std::string& path)>& fill);

 private:
  class Draft;

  std::string lock_path(const std::string& name) const;
  UniqueFd lock(const std::string& name, int operation) const;
  bool is_complete(const std::string& name) const;
  std::optional<UniqueFd> lock_if_complete(const std::string& name) const;
  std::optional<ImageUse> use_if_complete(const std::string& name, ImageForm form, bool made) const;
  void publish(Draft& draft, const std::string& name) const;

  std::string images_;
  std::string scratch_;
  mode_t root_mode_;
};

}  // namespace cntr::image
