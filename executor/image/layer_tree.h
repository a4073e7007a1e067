// What the layers of an image, one upon another, become: image-spec v1.1, layer.md.
//
// Archives are hostile. Nothing here touches a file: every name is resolved in the tree, component
// by component. A symbolic link on the way is resolved as a process would that has the root as its
// "/": an absolute target starts again at the root, and ".." at the root stays there. The last
// component is never followed. Functions throw a user Error about the entry, without naming it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/tar_reader.h"
#include "archive/unpack_budget.h"
#include "squashfs/tree.h"

namespace cntr::image {

using archive::Hashed;
using archive::TarEntry;
using archive::TarKind;
using archive::TarReader;
using archive::UnpackBudget;
using archive::UnpackLimits;

// Whether names that begin with ".wh." are whiteouts or just names.
enum class Whiteouts { kApply, kNone };

class LayerTree {
 public:
  // `budget` must outlive the object.
  LayerTree(Whiteouts whiteouts, UnpackBudget& budget);

  // From here on whiteouts hide what was there before.
  void begin_layer() { ++layer_; }

  // The next entry of the layer. `content` is that of a regular file.
  void apply(const TarEntry& entry, squashfs::FileContent content);

  squashfs::Tree take() { return std::move(tree_); }

 private:
  // Where an entry is or goes.
  struct Place {
    squashfs::NodeId directory;
    std::string_view name;
  };
  using Components = std::vector<std::string>;

  // True when the name was a whiteout or is to be left out.
  bool apply_whiteout(const Components& components);
  void hide(const Place& place);
  void remove_untouched(squashfs::NodeId directory);

  std::optional<squashfs::NodeId> resolve(const Components& parents, bool make_missing);
  squashfs::NodeId make_missing_directory(squashfs::NodeId parent, const std::string& name,
                                          size_t path_size);
  Place place(const Components& components);  // missing parents are made (mode 0755)
  // nullopt when a parent is missing or is no directory.
  std::optional<Place> find(const Components& components);

  void put(const TarEntry& entry, squashfs::FileContent content, const Place& place);
  void put_directory(const TarEntry& entry, const Place& place);
  void put_hard_link(const TarEntry& entry, const Place& place);
  void put_node(squashfs::NodeId node, const TarEntry& entry, const Place& place);
  void replace(const Place& place, squashfs::NodeId node);
  void touch(squashfs::EntryId entry);
  bool is_touched(squashfs::EntryId entry) const;

  squashfs::Tree tree_;
  Whiteouts whiteouts_;
  UnpackBudget& budget_;
  uint32_t layer_ = 0;
  // By entry: the last layer that named it or what is below it. Its whiteouts do not hide it.
  std::vector<uint32_t> touched_;
};

}  // namespace cntr::image
