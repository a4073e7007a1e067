#include "image/layer_tree.h"

#include <limits.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "image/entry_name.h"
#include "image/kept_xattrs.h"

namespace cntr::image {
namespace {

using squashfs::Attributes;
using squashfs::EntryId;
using squashfs::NodeId;
using squashfs::NodeKind;
using squashfs::Tree;

constexpr int kMaxLinks = 40;  // as the kernel
constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kReserved = ".wh..wh.";  // what aufs kept for itself
constexpr std::string_view kOpaque = ".wh..wh..opq";

// A path that comes from an archive, as the components still to be walked, the first one last.
void push_components(std::vector<std::string>& pending, std::string_view path) {
  const std::vector<std::string> parts = split(path, '/');
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    if (!part->empty() && *part != ".") pending.push_back(*part);
  }
}

Attributes attributes_of(const TarEntry& entry) {
  return {static_cast<uint16_t>(entry.mode), entry.uid, entry.gid, entry.mtime};
}

std::vector<squashfs::Xattr> xattrs_of(const TarEntry& entry) {
  constexpr size_t kLongest = 65536;  // as the kernel
  std::map<std::string, std::string> last;
  for (const auto& [name, value] : entry.xattrs) {
    if (!is_kept_xattr(name)) continue;
    if (value.size() > kLongest) {
      throw user_error("its extended attribute " + quote(name) + " is too long");
    }
    last[name] = value;
  }
  std::vector<squashfs::Xattr> xattrs;
  for (auto& [name, value] : last) xattrs.push_back({name, std::move(value)});
  return xattrs;
}

}  // namespace

LayerTree::LayerTree(Whiteouts whiteouts, UnpackBudget& budget)
    : whiteouts_(whiteouts), budget_(budget) {}

void LayerTree::apply(const TarEntry& entry, squashfs::FileContent content) {
  const Components components = entry_components(entry.path);
  if (components.empty()) {
    if (entry.kind != TarKind::kDirectory) throw user_error("it would replace the root directory");
    tree_.set_attributes(Tree::kRoot, attributes_of(entry));
    tree_.set_xattrs(Tree::kRoot, xattrs_of(entry));
    return;
  }
  if (whiteouts_ == Whiteouts::kApply && apply_whiteout(components)) return;
  put(entry, content, place(components));
}

bool LayerTree::apply_whiteout(const Components& components) {
  const std::string& name = components.back();
  for (const std::string& component : components) {
    if (component.starts_with(kReserved) && (component != kOpaque || &component != &name)) {
      return true;
    }
    if (component.starts_with(kWhiteout) && &component != &name) {
      throw user_error("it lies below a whiteout");
    }
  }
  if (!name.starts_with(kWhiteout)) return false;
  const std::string hidden = name.substr(kWhiteout.size());
  if (hidden.empty() || hidden == "." || hidden == "..") {
    throw user_error("it is a whiteout of no name");
  }
  const auto place = find(components);
  if (!place) return true;  // the directory is not there, so there is nothing to hide
  if (name == kOpaque) {
    remove_untouched(place->directory);
  } else {
    hide({place->directory, hidden});
  }
  return true;
}

void LayerTree::hide(const Place& place) {
  const auto entry = tree_.find(place.directory, place.name);
  if (!entry) return;
  const NodeId node = tree_.node(*entry);
  if (!is_touched(*entry)) {
    tree_.remove(*entry);
  } else if (tree_.kind(node) == NodeKind::kDirectory) {
    remove_untouched(node);
  }
}

void LayerTree::remove_untouched(NodeId directory) {
  for (const EntryId entry : tree_.entries(directory)) {
    const NodeId node = tree_.node(entry);
    if (!is_touched(entry)) {
      tree_.remove(entry);
    } else if (tree_.kind(node) == NodeKind::kDirectory) {
      remove_untouched(node);
    }
  }
}

NodeId LayerTree::make_missing_directory(NodeId parent, const std::string& name, size_t path_size) {
  budget_.add_entry(path_size);
  const NodeId directory = tree_.make_directory({.mode = 0755});
  replace({parent, name}, directory);
  return directory;
}

std::optional<NodeId> LayerTree::resolve(const Components& parents, bool make_missing) {
  struct Step {
    NodeId directory;
    size_t path_size;
  };
  std::vector<Step> walked = {{Tree::kRoot, 0}};
  std::vector<std::string> pending(parents.rbegin(), parents.rend());
  int links = 0;
  while (!pending.empty()) {
    const std::string name = std::move(pending.back());
    pending.pop_back();
    if (name == "..") {
      if (walked.size() > 1) walked.pop_back();
      continue;
    }
    if (name.size() > NAME_MAX) throw user_error("it lies below a symbolic link that is too long");
    const NodeId parent = walked.back().directory;
    const size_t path_size = walked.back().path_size + (walked.size() > 1 ? 1 : 0) + name.size();
    const auto entry = tree_.find(parent, name);
    const auto kind = entry ? std::optional(tree_.kind(tree_.node(*entry))) : std::nullopt;
    if (kind == NodeKind::kSymlink) {
      if (++links > kMaxLinks) throw user_error("it lies below a loop of symbolic links");
      const std::string_view target = tree_.target(tree_.node(*entry));
      if (target.starts_with('/')) walked.resize(1);
      push_components(pending, target);
      continue;
    }
    if (kind == NodeKind::kDirectory) {
      walked.push_back({tree_.node(*entry), path_size});
    } else if (!make_missing) {
      return std::nullopt;
    } else if (kind == NodeKind::kFile) {
      throw user_error("it lies below " + quote(tree_.path(*entry)) + ", which is no directory");
    } else {
      walked.push_back({make_missing_directory(parent, name, path_size), path_size});
    }
    if (walked.size() > kMaxDirectoryDepth + 1) throw name_too_deep();
    if (path_size > kMaxEntryPath) throw name_too_long("its resolved name");
  }
  return walked.back().directory;
}

LayerTree::Place LayerTree::place(const Components& components) {
  const Components parents(components.begin(), components.end() - 1);
  return {*resolve(parents, true), components.back()};
}

std::optional<LayerTree::Place> LayerTree::find(const Components& components) {
  const Components parents(components.begin(), components.end() - 1);
  const auto directory = resolve(parents, false);
  if (!directory) return std::nullopt;
  return Place{*directory, components.back()};
}

void LayerTree::put(const TarEntry& entry, squashfs::FileContent content, const Place& place) {
  const Attributes attributes = attributes_of(entry);
  switch (entry.kind) {
    case TarKind::kFile:
      return put_node(tree_.make_file(attributes, content), entry, place);
    case TarKind::kDirectory:
      return put_directory(entry, place);
    case TarKind::kSymlink:
      if (entry.target.empty()) throw user_error("it is a symbolic link without a target");
      if (entry.target.size() > Tree::kLongestTarget) {
        throw user_error("the target of the symbolic link is too long");
      }
      return put_node(tree_.make_symlink(attributes, entry.target), entry, place);
    case TarKind::kHardLink:
      return put_hard_link(entry, place);
    case TarKind::kCharDevice:
    case TarKind::kBlockDevice: {
      const NodeKind kind =
          entry.kind == TarKind::kCharDevice ? NodeKind::kCharDevice : NodeKind::kBlockDevice;
      return put_node(tree_.make_device(kind, attributes, entry.device_major, entry.device_minor),
                      entry, place);
    }
    case TarKind::kFifo:
      return put_node(tree_.make_fifo(attributes), entry, place);
    case TarKind::kOther:
      if (const auto replaced = tree_.find(place.directory, place.name)) tree_.remove(*replaced);
      return;
  }
}

// A directory that meets a directory stays, with new attributes.
void LayerTree::put_directory(const TarEntry& entry, const Place& place) {
  const auto there = tree_.find(place.directory, place.name);
  if (!there || tree_.kind(tree_.node(*there)) != NodeKind::kDirectory) {
    return put_node(tree_.make_directory(attributes_of(entry)), entry, place);
  }
  const NodeId directory = tree_.node(*there);
  tree_.set_attributes(directory, attributes_of(entry));
  tree_.set_xattrs(directory, xattrs_of(entry));
  touch(*there);
}

void LayerTree::put_hard_link(const TarEntry& entry, const Place& place) {
  const Components components = entry_components(entry.target, "the target of the hard link");
  if (components.empty()) throw user_error("it is a hard link to the root directory");
  const auto target = find(components);
  const auto linked = target ? tree_.find(target->directory, target->name) : std::nullopt;
  if (!linked) {
    throw user_error("it is a hard link to " + quote(entry.target) + ", which is not there");
  }
  const NodeId node = tree_.node(*linked);
  if (tree_.kind(node) == NodeKind::kDirectory) {
    throw user_error("it is a hard link to " + quote(entry.target) + ", which is a directory");
  }
  const auto there = tree_.find(place.directory, place.name);
  if (there == linked) return touch(*linked);
  if (there && tree_.path(*linked).starts_with(tree_.path(*there) + "/")) {
    throw user_error("it is a hard link that would replace the directory of its target");
  }
  replace(place, node);
}

void LayerTree::put_node(NodeId node, const TarEntry& entry, const Place& place) {
  tree_.set_xattrs(node, xattrs_of(entry));
  replace(place, node);
}

void LayerTree::replace(const Place& place, NodeId node) {
  if (const auto there = tree_.find(place.directory, place.name)) tree_.remove(*there);
  touch(tree_.add(place.directory, place.name, node));
}

void LayerTree::touch(EntryId entry) {
  touched_.resize(std::max<size_t>(touched_.size(), tree_.entry_count()));
  // Where a directory is known, so are those above it.
  while (entry != squashfs::kNone && touched_[entry] != layer_) {
    touched_[entry] = layer_;
    entry = tree_.entry_of(tree_.parent(entry));
  }
}

bool LayerTree::is_touched(EntryId entry) const {
  return entry < touched_.size() && touched_[entry] == layer_;
}

}  // namespace cntr::image
