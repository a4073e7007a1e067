#include "squashfs/tree.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/fast_hash.h"

namespace cntr::squashfs {
namespace {

constexpr size_t kFirstSlots = 1024;  // a power of two
constexpr unsigned kTargetSizeBits = 12;

uint64_t both(uint32_t high, uint32_t low) { return uint64_t{high} << 32 | low; }
uint32_t high(uint64_t pair) { return static_cast<uint32_t>(pair >> 32); }
uint32_t low(uint64_t pair) { return static_cast<uint32_t>(pair); }

size_t hash_of(NodeId directory, std::string_view name) {
  constexpr uint64_t kSpread = 0x9e3779b97f4a7c15;
  return fast_hash(name) ^ (directory * kSpread);
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= Tree::kLongestName && name != "." && name != ".." &&
         name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

}  // namespace

Tree::Tree(const Attributes& root) : index_(kFirstSlots, kNone) { make_directory(root); }

NodeId Tree::add_node(NodeKind kind, const Attributes& attributes, uint64_t content) {
  if (nodes_.size() == kNone) throw internal_error("A tree has too many nodes");
  const auto node = static_cast<NodeId>(nodes_.size());
  nodes_.emplace_back();
  nodes_.back().kind = kind;
  nodes_.back().content = content;
  set_attributes(node, attributes);
  return node;
}

NodeId Tree::make_directory(const Attributes& attributes) {
  return add_node(NodeKind::kDirectory, attributes, both(kNone, 0));
}

NodeId Tree::make_file(const Attributes& attributes, FileContent content) {
  return add_node(NodeKind::kFile, attributes, both(content.pack, content.file));
}

NodeId Tree::make_symlink(const Attributes& attributes, std::string_view target) {
  if (target.empty() || target.size() > kLongestTarget) {
    throw internal_error("A symbolic link has a wrong target");
  }
  return add_node(NodeKind::kSymlink, attributes,
                  keep_bytes(target) << kTargetSizeBits | target.size());
}

NodeId Tree::make_device(NodeKind kind, const Attributes& attributes, uint32_t major,
                         uint32_t minor) {
  return add_node(kind, attributes, both(major, minor));
}

NodeId Tree::make_fifo(const Attributes& attributes) {
  return add_node(NodeKind::kFifo, attributes, 0);
}

void Tree::set_attributes(NodeId node, const Attributes& attributes) {
  Node& changed = nodes_.at(node);
  changed.mode = attributes.mode & 07777;
  changed.uid = attributes.uid;
  changed.gid = attributes.gid;
  changed.mtime = static_cast<uint32_t>(std::clamp<int64_t>(attributes.mtime, 0, UINT32_MAX));
}

void Tree::set_content(NodeId file, FileContent content) {
  node_of(file, NodeKind::kFile).content = both(content.pack, content.file);
}

void Tree::set_xattrs(NodeId node, std::vector<Xattr> xattrs) {
  if (xattrs.empty()) {
    nodes_.at(node).xattrs = kNone;
    return;
  }
  std::sort(xattrs.begin(), xattrs.end());
  const auto next = static_cast<uint32_t>(xattr_sets_.size());
  const auto [known, is_new] = xattr_ids_.try_emplace(std::move(xattrs), next);
  if (is_new) xattr_sets_.push_back(&known->first);
  nodes_.at(node).xattrs = known->second;
}

const Tree::Node& Tree::node_of(NodeId node, NodeKind kind) const {
  const Node& found = nodes_.at(node);
  if (found.kind != kind) throw internal_error("A node of a tree is of another kind");
  return found;
}

Tree::Node& Tree::node_of(NodeId node, NodeKind kind) {
  return const_cast<Node&>(std::as_const(*this).node_of(node, kind));
}

uint64_t Tree::keep_bytes(std::string_view bytes) {
  const uint64_t place = bytes_.size();
  bytes_ += bytes;
  return place;
}

void Tree::check_new_name(NodeId directory, std::string_view name) const {
  node_of(directory, NodeKind::kDirectory);
  if (!is_name(name)) throw internal_error("A tree cannot have that name");
  if (find(directory, name)) throw internal_error("A tree has that name already");
}

EntryId Tree::add(NodeId directory, std::string_view name, NodeId node) {
  check_new_name(directory, name);
  if (entries_.size() == kNone) throw internal_error("A tree has too many names");
  const auto id = static_cast<EntryId>(entries_.size());
  Node& named = nodes_.at(node);
  if (named.kind == NodeKind::kDirectory) {
    if (node == kRoot || named.named_by != kNone) {
      throw internal_error("A directory cannot have two names");
    }
    named.named_by = id;
  }
  ++named.links;

  Node& parent = nodes_[directory];
  const EntryId first = high(parent.content);
  Entry entry;
  entry.name = keep_bytes(name);
  entry.name_size = static_cast<uint32_t>(name.size());
  entry.parent = directory;
  entry.node = node;
  entry.next = first;
  entries_.push_back(entry);
  if (first != kNone) entries_[first].previous = id;
  parent.content = both(id, 0);
  index_entry(id);
  return id;
}

std::optional<EntryId> Tree::find(NodeId directory, std::string_view wanted) const {
  const size_t mask = index_.size() - 1;
  for (size_t slot = hash_of(directory, wanted) & mask; index_[slot] != kNone;
       slot = (slot + 1) & mask) {
    const EntryId id = index_[slot];
    const Entry& entry = entries_[id];
    if (entry.node != kNone && entry.parent == directory && name(id) == wanted) return id;
  }
  return std::nullopt;
}

void Tree::index_entry(EntryId entry) {
  constexpr size_t kFullAt = 3;  // of 4 slots
  if (4 * (used_slots_ + 1) > kFullAt * index_.size()) return grow_index();
  const size_t mask = index_.size() - 1;
  size_t slot = hash_of(entries_[entry].parent, name(entry)) & mask;
  while (index_[slot] != kNone) slot = (slot + 1) & mask;
  index_[slot] = entry;
  ++used_slots_;
}

// Takes in all entries, a new one too.
void Tree::grow_index() {
  index_.assign(2 * index_.size(), kNone);
  used_slots_ = 0;
  for (EntryId entry = 0; entry < entries_.size(); ++entry) {
    if (entries_[entry].node != kNone) index_entry(entry);
  }
}

void Tree::unlink(EntryId id) {
  Entry& entry = entries_[id];
  if (entry.previous != kNone) {
    entries_[entry.previous].next = entry.next;
  } else {
    nodes_[entry.parent].content = both(entry.next, 0);
  }
  if (entry.next != kNone) entries_[entry.next].previous = entry.previous;
  Node& node = nodes_[entry.node];
  --node.links;
  node.named_by = kNone;
  entry.node = kNone;
}

void Tree::remove(EntryId entry) {
  std::vector<EntryId> pending = {entry};
  while (!pending.empty()) {
    const EntryId removed = pending.back();
    pending.pop_back();
    const NodeId gone = node(removed);
    unlink(removed);
    if (kind(gone) != NodeKind::kDirectory) continue;
    for (EntryId child = high(nodes_[gone].content); child != kNone; child = entries_[child].next) {
      pending.push_back(child);
    }
  }
}

std::optional<NodeId> Tree::directory_at(std::string_view path, const Attributes& missing) {
  NodeId directory = kRoot;
  while (!path.empty()) {
    const size_t slash = path.find('/');
    const std::string_view name = path.substr(0, slash);
    path = slash == std::string_view::npos ? "" : path.substr(slash + 1);
    if (name.empty()) continue;
    const auto entry = find(directory, name);
    if (entry && kind(node(*entry)) != NodeKind::kDirectory) return std::nullopt;
    directory = node(entry ? *entry : add(directory, name, make_directory(missing)));
  }
  return directory;
}

std::vector<EntryId> Tree::entries(NodeId directory) const {
  std::vector<EntryId> sorted;
  for (EntryId entry = high(node_of(directory, NodeKind::kDirectory).content); entry != kNone;
       entry = entries_[entry].next) {
    sorted.push_back(entry);
  }
  std::sort(sorted.begin(), sorted.end(),
            [this](EntryId a, EntryId b) { return name(a) < name(b); });
  return sorted;
}

std::string_view Tree::name(EntryId entry) const {
  const Entry& found = entries_.at(entry);
  return std::string_view(bytes_).substr(found.name, found.name_size);
}

NodeId Tree::node(EntryId entry) const {
  const NodeId node = entries_.at(entry).node;
  if (node == kNone) throw internal_error("A name of a tree was removed");
  return node;
}

NodeId Tree::parent(EntryId entry) const { return entries_.at(entry).parent; }

EntryId Tree::entry_of(NodeId directory) const {
  return node_of(directory, NodeKind::kDirectory).named_by;
}

std::string Tree::path(EntryId entry) const {
  std::string path(name(entry));
  for (EntryId above = nodes_[parent(entry)].named_by; above != kNone;
       above = nodes_[parent(above)].named_by) {
    path.insert(0, "/").insert(0, name(above));
  }
  return path;
}

std::string Tree::directory_path(NodeId directory) const {
  const EntryId entry = entry_of(directory);
  return entry == kNone ? "" : path(entry);
}

NodeKind Tree::kind(NodeId node) const { return nodes_.at(node).kind; }

Attributes Tree::attributes(NodeId node) const {
  const Node& found = nodes_.at(node);
  return {found.mode, found.uid, found.gid, found.mtime};
}

FileContent Tree::content(NodeId file) const {
  const Node& found = node_of(file, NodeKind::kFile);
  return {high(found.content), low(found.content)};
}

std::string_view Tree::target(NodeId symlink) const {
  const Node& found = node_of(symlink, NodeKind::kSymlink);
  constexpr uint64_t kSizeMask = (1U << kTargetSizeBits) - 1;
  return std::string_view(bytes_).substr(found.content >> kTargetSizeBits,
                                         found.content & kSizeMask);
}

uint32_t Tree::device_major(NodeId device) const { return high(nodes_.at(device).content); }
uint32_t Tree::device_minor(NodeId device) const { return low(nodes_.at(device).content); }

const std::vector<Xattr>& Tree::xattrs(NodeId node) const {
  static const std::vector<Xattr> none;
  const uint32_t set = nodes_.at(node).xattrs;
  return set == kNone ? none : *xattr_sets_[set];
}

uint32_t Tree::links(NodeId node) const { return nodes_.at(node).links; }

}  // namespace cntr::squashfs
