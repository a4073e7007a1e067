// What must hold of the tree of an image, whatever its layers say.
#pragma once

#include <cstdlib>
#include <string_view>

#include "image/entry_name.h"
#include "squashfs/tree.h"

namespace cntr::fuzz {

inline void check_directory(const squashfs::Tree& tree, squashfs::NodeId directory, size_t depth) {
  if (depth > image::kMaxDirectoryDepth) std::abort();
  std::string_view last;
  for (const squashfs::EntryId entry : tree.entries(directory)) {
    const std::string_view name = tree.name(entry);
    if (name.empty() || name == "." || name == ".." || name <= last ||
        name.find('/') != std::string_view::npos || name.find('\0') != std::string_view::npos ||
        name.size() > squashfs::Tree::kLongestName) {
      std::abort();
    }
    last = name;
    const squashfs::NodeId node = tree.node(entry);
    if (tree.parent(entry) != directory || tree.links(node) == 0) std::abort();
    if (tree.kind(node) != squashfs::NodeKind::kDirectory) continue;
    if (tree.links(node) != 1 || tree.entry_of(node) != entry) std::abort();
    check_directory(tree, node, depth + 1);
  }
}

}  // namespace cntr::fuzz
