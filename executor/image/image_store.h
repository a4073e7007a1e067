// Where unpacked images lie in the cache, and how each is made once.
//
//   <images>/<hex>/rootfs/     the tree
//   <images>/<hex>/complete    written last: without it, or with another version in it, the
//                              directory is rubbish and is made anew
//   <images>/<hex>.lock        shared by who uses the tree; exclusive for who puts it there or
//                              removes it, which takes a moment
//   <images>/make-<key>.lock   exclusive for who makes a tree; <key> is its <hex>, or archive-<hex>
//                              while only the archive's digest is known
//   <scratch>/image-<key>.*    being made; removed by the next who makes it
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/digest.h"
#include "image/image.h"
#include "image/tree_modes.h"

namespace cntr::image {

class ImageStore {
 public:
  explicit ImageStore(const store::Cache& cache);

  TreeModes modes() const { return TreeModes(root_mode_); }

  // Fills an empty directory, private to this process, with an image's tree.
  using Fill = std::function<void(const std::string& directory)>;

  // The tree of that identity, made with `fill` when it is not there.
  ImageUse acquire(const Digest& identity, const Fill& fill);

  // Makes a tree whose identity only `fill` can tell, and keeps it under that unless it is there
  // already. `key` names the work. One process at a time works on a key; when another has done so
  // meanwhile, `known` gives what it found and nothing is made.
  Digest make(const std::string& key, const std::function<std::optional<Digest>()>& known,
              const std::function<Digest(const std::string& directory)>& fill);

 private:
  class Draft;

  std::string tree_directory(const Digest& identity) const;
  std::string lock_path(const std::string& name) const;
  UniqueFd lock(const std::string& name, int operation) const;
  bool is_complete(const Digest& identity) const;
  std::optional<UniqueFd> lock_if_complete(const Digest& identity) const;
  void publish(Draft& draft, const Digest& identity) const;

  std::string images_;
  std::string scratch_;
  mode_t root_mode_;
};

}  // namespace cntr::image
