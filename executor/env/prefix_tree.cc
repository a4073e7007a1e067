#include "env/prefix_tree.h"

#include <algorithm>

#include "base/error.h"
#include "base/file_system.h"
#include "base/text.h"

namespace cntr::env {
namespace {

using squashfs::Attributes;
using squashfs::EntryId;
using squashfs::kNone;
using squashfs::NodeId;
using squashfs::NodeKind;
using squashfs::Tree;

constexpr Attributes kDirectoryAttributes{0755, 0, 0, PrefixTree::kTime};
constexpr int kMostLinks = 40;  // as Linux

// The components of a path, the last one first.
std::vector<std::string> reversed_components(std::string_view path) {
  std::vector<std::string> out = split(path, '/');
  std::reverse(out.begin(), out.end());
  return out;
}

}  // namespace

PrefixTree::PrefixTree() : tree_(kDirectoryAttributes) {}

void PrefixTree::begin_package(std::string name, uint32_t pack) {
  packages_.push_back(std::move(name));
  pack_ = pack;
}

Error PrefixTree::error(const std::string& path, const std::string& what) const {
  return user_error("The package " + packages_.back() + ": " + quote(path) + " " + what);
}

NodeId PrefixTree::make_directory(NodeId parent, const std::string& name) {
  const NodeId made = tree_.make_directory(kDirectoryAttributes);
  this->name(parent, name, made);
  return made;
}

void PrefixTree::name(NodeId directory, const std::string& name, NodeId node) {
  const EntryId entry = tree_.add(directory, name, node);
  if (entry >= owners_.size()) owners_.resize(entry + 1);
  owners_[entry] = this_package();
}

// One component on the way to a file: the directory that it leads to. Components of a link's target
// are added to those that are still to go (the last is the next). kNone when it leads nowhere.
NodeId PrefixTree::step(NodeId directory, const std::string& name, std::vector<std::string>& rest,
                        int& links) {
  if (name.empty() || name == ".") return directory;
  if (name == "..")
    return directory == Tree::kRoot ? kNone : tree_.parent(tree_.entry_of(directory));
  const auto entry = tree_.find(directory, name);
  if (!entry) return make_directory(directory, name);
  const NodeId node = tree_.node(*entry);
  if (tree_.kind(node) == NodeKind::kDirectory) return node;
  if (tree_.kind(node) != NodeKind::kSymlink) {
    remove(*entry, tree_.path(*entry));
    return make_directory(directory, name);
  }
  const std::string target(tree_.target(node));
  if (target[0] == '/' || ++links > kMostLinks) return kNone;
  const std::vector<std::string> components = reversed_components(target);
  rest.insert(rest.end(), components.begin(), components.end());
  return directory;
}

// Paths come a directory after another, so the one of the last path is mostly that of the next.
PrefixTree::Place PrefixTree::resolve(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {Tree::kRoot, path};
  const std::string_view above = std::string_view(path).substr(0, slash);
  if (last_directory_ == kNone || last_path_ != above) {
    last_directory_ = directory_of(path, above);
    last_path_ = above;
  }
  return {last_directory_, path.substr(slash + 1)};
}

NodeId PrefixTree::directory_of(const std::string& path, std::string_view above) {
  std::vector<std::string> rest = reversed_components(above);
  NodeId directory = Tree::kRoot;
  int links = 0;
  while (!rest.empty()) {
    const std::string component = std::move(rest.back());
    rest.pop_back();
    directory = step(directory, component, rest, links);
    if (directory == kNone) {
      throw error(path, "lies behind a symbolic link that leads out of the environment");
    }
  }
  return directory;
}

// A relative link must stay in the environment, for which its own place counts. An absolute one is
// the packer's wish for something of the machine.
void PrefixTree::check_target(const Place& place, const std::string& target,
                              const std::string& path) {
  if (target[0] == '/') {
    Replaced& outside = outside_[this_package()];
    if (outside.count++ == 0) outside.first = path;
    return;
  }
  const std::string directory = tree_.directory_path(place.directory);
  auto depth = directory.empty() ? 0 : std::count(directory.begin(), directory.end(), '/') + 1;
  for (const std::string& component : split(target, '/')) {
    if (component.empty() || component == ".") continue;
    depth += component == ".." ? -1 : 1;
    if (depth < 0) {
      throw error(path, "is a symbolic link to " + quote(target) + ", outside of the environment");
    }
  }
}

bool PrefixTree::is_same(NodeId one, NodeId other) const {
  if (tree_.kind(one) != tree_.kind(other)) return false;
  if (tree_.kind(one) == NodeKind::kSymlink) return tree_.target(one) == tree_.target(other);
  return tree_.kind(one) == NodeKind::kDirectory;
}

void PrefixTree::take_out(EntryId entry) {
  tree_.remove(entry);
  last_directory_ = kNone;  // it may have led there
}

void PrefixTree::remove(EntryId entry, const std::string& path) {
  const uint32_t loser = owners_[entry];
  take_out(entry);
  if (packages_[loser] == packages_.back()) return;
  Replaced& replaced = replaced_[{this_package(), loser}];
  if (replaced.count++ == 0) replaced.first = path;
}

void PrefixTree::put(const Place& place, NodeId node, const std::string& path) {
  if (const auto there = tree_.find(place.directory, place.name)) {
    if (is_same(tree_.node(*there), node)) {
      if (tree_.kind(node) == NodeKind::kDirectory) return;
      take_out(*there);
    } else {
      remove(*there, path);
    }
  }
  name(place.directory, place.name, node);
}

void PrefixTree::add(const std::string& path, const LinkedFile& file) {
  const Place place = resolve(path);
  const Attributes attributes{file.mode, 0, 0, file.mtime};
  switch (file.kind) {
    case LinkedKind::kFile:
      put(place, tree_.make_file(attributes, {pack_, file.content}), path);
      return;
    case LinkedKind::kSymlink:
      check_target(place, file.target, path);
      put(place, tree_.make_symlink(attributes, file.target), path);
      return;
    case LinkedKind::kDirectory:
      put(place, tree_.make_directory(kDirectoryAttributes), path);
      return;
  }
}

void PrefixTree::add_file(const std::string& path, squashfs::FileIndex content, bool executable) {
  LinkedFile file;
  file.mode = executable ? 0755 : 0644;
  file.mtime = kTime;
  file.content = content;
  add(path, file);
}

void PrefixTree::warn_of_surprises(const WarningSink& warn) const {
  const auto files = [](const Replaced& replaced) {
    return quote(replaced.first) +
           (replaced.count == 1 ? "" : " and " + std::to_string(replaced.count - 1) + " more");
  };
  for (const auto& [pair, replaced] : replaced_) {
    warn("The package " + packages_[pair.first] + " replaces " + files(replaced) + " of " +
         packages_[pair.second]);
  }
  for (const auto& [package, links] : outside_) {
    warn("The package " + packages_[package] +
         " has symbolic links to absolute paths: " + files(links));
  }
}

std::optional<EntryId> PrefixTree::find(const std::string& path) const {
  std::optional<EntryId> entry;
  NodeId node = Tree::kRoot;
  for (const std::string& component : split(path, '/')) {
    if (tree_.kind(node) != NodeKind::kDirectory) return std::nullopt;
    entry = tree_.find(node, component);
    if (!entry) return std::nullopt;
    node = tree_.node(*entry);
  }
  return entry;
}

bool PrefixTree::has_content(const std::string& path, squashfs::FileContent content) const {
  const auto entry = find(path);
  if (!entry) return false;
  const NodeId node = tree_.node(*entry);
  return tree_.kind(node) == NodeKind::kFile && tree_.content(node) == content;
}

bool PrefixTree::erase(const std::string& path) {
  const auto entry = find(path);
  if (entry) take_out(*entry);
  return entry.has_value();
}

void PrefixTree::set_owner(uint32_t uid, uint32_t gid) {
  for (NodeId node = 0; node < tree_.node_count(); ++node) {
    Attributes attributes = tree_.attributes(node);
    attributes.uid = uid;
    attributes.gid = gid;
    tree_.set_attributes(node, attributes);
  }
}

}  // namespace cntr::env
