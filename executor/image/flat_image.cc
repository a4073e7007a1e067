#include "image/flat_image.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/error.h"
#include "store/tree.h"

namespace cntr::image {
namespace {

using squashfs::EntryId;
using squashfs::NodeId;
using squashfs::NodeKind;
using squashfs::Tree;

UniqueFd nameless_file(const std::string& directory) {
  std::string path = directory + "/pack-XXXXXX";
  UniqueFd file(mkostemp(path.data(), O_CLOEXEC));
  if (!file.valid()) throw system_error("Cannot make a file in " + directory, errno);
  unlink(path.c_str());
  return file;
}

// nullopt for what has no content: devices and fifos.
std::optional<store::TreeEntry> content_of(const FlatImage& image, NodeId node) {
  const Tree& tree = image.tree;
  store::TreeEntry entry;
  switch (tree.kind(node)) {
    case NodeKind::kDirectory:
      entry.kind = store::EntryKind::kDirectory;
      return entry;
    case NodeKind::kFile: {
      const bool executable = (tree.attributes(node).mode & 0111) != 0;
      entry.kind = executable ? store::EntryKind::kExecutable : store::EntryKind::kFile;
      const squashfs::FileContent content = tree.content(node);
      entry.digest = image.packs.at(content.pack).file_digest(content.file);
      return entry;
    }
    case NodeKind::kSymlink:
      entry.kind = store::EntryKind::kSymlink;
      entry.target = tree.target(node);
      return entry;
    case NodeKind::kCharDevice:
    case NodeKind::kBlockDevice:
    case NodeKind::kFifo:
      break;
  }
  return std::nullopt;
}

void add_contents(const FlatImage& image, NodeId directory, const std::string& prefix,
                  std::vector<store::TreeEntry>& out) {
  for (const EntryId id : image.tree.entries(directory)) {
    const NodeId node = image.tree.node(id);
    auto entry = content_of(image, node);
    if (!entry) continue;
    entry->path = prefix + std::string(image.tree.name(id));
    const bool is_directory = entry->kind == store::EntryKind::kDirectory;
    out.push_back(std::move(*entry));
    if (is_directory) add_contents(image, node, std::string(out.back().path) + "/", out);
  }
}

}  // namespace

squashfs::DataPackWriter Workshop::new_pack(const std::string& name) const {
  return {nameless_file(scratch), name, compression, pool};
}

Digest content_digest(const FlatImage& image) {
  store::Tree content;
  add_contents(image, Tree::kRoot, "", content.entries);
  std::sort(content.entries.begin(), content.entries.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  return content.digest();
}

void add_mount_points(Tree& tree) {
  for (const MountPoint& point : kMountPoints) {
    const auto there = tree.find(Tree::kRoot, point.name);
    if (there) {
      if (tree.kind(tree.node(*there)) == NodeKind::kDirectory) continue;
      tree.remove(*there);
    }
    tree.add(Tree::kRoot, point.name, tree.make_directory({.mode = point.mode}));
  }
}

}  // namespace cntr::image
