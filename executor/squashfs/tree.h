// The tree of an image, in memory: about 100 bytes an entry, names included.
//
// A node is a file, directory, link or device with its attributes. An entry is a name in a
// directory that leads to a node; a hard link is a second entry of one node. Contents of files lie
// in data packs. What is removed keeps its memory until the tree goes.
//
// Names, targets and extended attributes are bytes. Functions throw an internal Error for a wrong
// use (an id that is none, "a/b" or ".." as a name, a name that is there already, a directory with
// two names). Not thread-safe while it is changed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "squashfs/data_pack.h"

namespace cntr::squashfs {

using NodeId = uint32_t;
using EntryId = uint32_t;
constexpr uint32_t kNone = 0xffffffff;

enum class NodeKind : uint8_t {
  kDirectory,
  kFile,
  kSymlink,
  kCharDevice,
  kBlockDevice,
  kFifo,
};

struct Attributes {
  uint16_t mode = 0755;  // permission bits (07777)
  uint32_t uid = 0;
  uint32_t gid = 0;
  int64_t mtime = 0;  // seconds since 1970; an image holds 0 to 2^32-1, others become the nearest

  bool operator==(const Attributes&) const = default;
};

// What a file holds: a file of one of the packs that the image writer is given.
struct FileContent {
  uint32_t pack = 0;  // its place in the list of packs
  FileIndex file = 0;

  bool operator==(const FileContent&) const = default;
};

struct Xattr {
  std::string name;  // "user.*", "trusted.*" or "security.*": images can hold no others
  std::string value;

  auto operator<=>(const Xattr&) const = default;
};

class Tree {
 public:
  static constexpr NodeId kRoot = 0;
  static constexpr size_t kLongestName = 255;
  static constexpr size_t kLongestTarget = 4095;

  // Only the root directory.
  explicit Tree(const Attributes& root = {});
  Tree(Tree&&) = default;
  Tree& operator=(Tree&&) = default;

  // Nodes, without a name yet.
  NodeId make_directory(const Attributes& attributes);
  NodeId make_file(const Attributes& attributes, FileContent content);
  NodeId make_symlink(const Attributes& attributes, std::string_view target);
  NodeId make_device(NodeKind kind, const Attributes& attributes, uint32_t major, uint32_t minor);
  NodeId make_fifo(const Attributes& attributes);

  void set_attributes(NodeId node, const Attributes& attributes);
  void set_content(NodeId file, FileContent content);
  void set_xattrs(NodeId node, std::vector<Xattr> xattrs);  // replaces; sorted and stored once

  // Names.
  EntryId add(NodeId directory, std::string_view name, NodeId node);
  std::optional<EntryId> find(NodeId directory, std::string_view name) const;
  // Also a whole directory with all below it.
  void remove(EntryId entry);
  // The directory at a relative path without "." and "..", made where it is missing. nullopt when
  // something on the way is no directory.
  std::optional<NodeId> directory_at(std::string_view path, const Attributes& missing);

  // The entries of a directory, sorted by the bytes of their names.
  std::vector<EntryId> entries(NodeId directory) const;
  std::string_view name(EntryId entry) const;  // until the tree is changed, as target()
  NodeId node(EntryId entry) const;
  NodeId parent(EntryId entry) const;
  // The one name of a directory; kNone for the root.
  EntryId entry_of(NodeId directory) const;
  // "" for the root itself; relative, without a leading slash.
  std::string path(EntryId entry) const;
  std::string directory_path(NodeId directory) const;

  NodeKind kind(NodeId node) const;
  Attributes attributes(NodeId node) const;
  FileContent content(NodeId file) const;
  std::string_view target(NodeId symlink) const;
  uint32_t device_major(NodeId device) const;
  uint32_t device_minor(NodeId device) const;
  const std::vector<Xattr>& xattrs(NodeId node) const;
  // How many names it has; 0 for the root and for what was removed.
  uint32_t links(NodeId node) const;

  // Those ever made: ids are below these.
  uint32_t node_count() const { return static_cast<uint32_t>(nodes_.size()); }
  uint32_t entry_count() const { return static_cast<uint32_t>(entries_.size()); }

 private:
  struct Node {
    uint64_t content = 0;  // pack and file, place of the target, device, or first entry
    uint32_t uid = 0;
    uint32_t gid = 0;
    uint32_t mtime = 0;
    uint32_t xattrs = kNone;
    uint32_t links = 0;
    EntryId named_by = kNone;  // of a directory
    uint16_t mode = 0;
    NodeKind kind = NodeKind::kFile;
  };

  struct Entry {
    uint64_t name = 0;  // in bytes_
    NodeId parent = kNone;
    NodeId node = kNone;  // kNone once removed
    EntryId next = kNone;
    EntryId previous = kNone;
    uint32_t name_size = 0;
  };

  NodeId add_node(NodeKind kind, const Attributes& attributes, uint64_t content);
  const Node& node_of(NodeId node, NodeKind kind) const;
  Node& node_of(NodeId node, NodeKind kind);
  void check_new_name(NodeId directory, std::string_view name) const;
  uint64_t keep_bytes(std::string_view bytes);
  void grow_index();
  void index_entry(EntryId entry);
  void unlink(EntryId entry);

  std::vector<Node> nodes_;
  std::vector<Entry> entries_;
  std::string bytes_;  // of names and targets
  // Open addressing by parent and name, linear; removed entries keep their slots until it grows.
  std::vector<EntryId> index_;
  size_t used_slots_ = 0;
  std::map<std::vector<Xattr>, uint32_t> xattr_ids_;
  std::vector<const std::vector<Xattr>*> xattr_sets_;
};

}  // namespace cntr::squashfs
