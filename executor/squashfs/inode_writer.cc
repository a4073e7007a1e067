#include "squashfs/inode_writer.h"

#include <sqfs/dir.h>
#include <sqfs/dir_writer.h>
#include <sqfs/frag_table.h>
#include <sqfs/inode.h>
#include <sqfs/meta_writer.h>
#include <sqfs/super.h>
#include <sqfs/table.h>
#include <sqfs/xattr_writer.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "squashfs/image_writer.h"
#include "squashfs/inode_order.h"

namespace cntr::squashfs {
namespace {

constexpr uint32_t kNoXattrs = 0xffffffff;

struct DestroyTable {
  template <typename Object>
  void operator()(Object* object) const {
    sqfs_destroy(object);
  }
};
template <typename Object>
using Owned = std::unique_ptr<Object, DestroyTable>;

struct Free {
  void operator()(sqfs_inode_generic_t* inode) const { sqfs_free(inode); }
};
using Inode = std::unique_ptr<sqfs_inode_generic_t, Free>;

// Users and groups. An inode refers to them in 16 bits.
class Owners {
 public:
  uint16_t index_of(uint32_t id) {
    // The superblock counts them in 16 bits as well.
    const auto [known, is_new] = indices_.try_emplace(id, static_cast<uint16_t>(ids_.size()));
    if (!is_new) return known->second;
    if (ids_.size() == UINT16_MAX) throw user_error("it has more than 65535 owners and groups");
    ids_.push_back(id);
    return known->second;
  }

  const std::vector<uint32_t>& ids() const { return ids_; }

 private:
  std::vector<uint32_t> ids_;
  std::unordered_map<uint32_t, uint16_t> indices_;
};

class Xattrs {
 public:
  explicit Xattrs(const ImageFile& file)
      : file_(file), writer_(file.check(sqfs_xattr_writer_create(0))) {}

  uint32_t index_of(const std::vector<Xattr>& xattrs) {
    if (xattrs.empty()) return kNoXattrs;
    file_.check(sqfs_xattr_writer_begin(writer_.get(), 0));
    for (const Xattr& xattr : xattrs) {
      if (!can_hold_xattr(xattr.name)) {
        throw user_error("squashfs cannot hold the extended attribute " + quote(xattr.name));
      }
      file_.check(sqfs_xattr_writer_add(writer_.get(), xattr.name.c_str(), xattr.value.data(),
                                        xattr.value.size()));
    }
    uint32_t index = kNoXattrs;
    file_.check(sqfs_xattr_writer_end(writer_.get(), &index));
    sets_ = std::max(sets_, index + 1);
    return index;
  }

  // libsquashfs 1.2 writes behind the end of an array when the list of sets fills its last block.
  void keep_last_block_open() {
    constexpr uint32_t kSetsPerBlock = 512;
    if (sets_ > 0 && sets_ % kSetsPerBlock == 0) {
      index_of({{"user.cntr.unused", std::to_string(sets_)}});
    }
  }

  const sqfs_xattr_writer_t* writer() const { return writer_.get(); }

 private:
  const ImageFile& file_;
  Owned<sqfs_xattr_writer_t> writer_;
  uint32_t sets_ = 0;
};

uint16_t file_type(NodeKind kind) {
  switch (kind) {
    case NodeKind::kDirectory:
      return SQFS_INODE_MODE_DIR;
    case NodeKind::kFile:
      return SQFS_INODE_MODE_REG;
    case NodeKind::kSymlink:
      return SQFS_INODE_MODE_LNK;
    case NodeKind::kCharDevice:
      return SQFS_INODE_MODE_CHR;
    case NodeKind::kBlockDevice:
      return SQFS_INODE_MODE_BLK;
    case NodeKind::kFifo:
      return SQFS_INODE_MODE_FIFO;
  }
  throw internal_error("A node of a tree has no kind");
}

// As Linux encodes a device number in 32 bits.
uint32_t device_number(uint32_t major, uint32_t minor) {
  return (minor & 0xff) | major << 8 | (minor & ~0xffU) << 12;
}

// What is written past the library is in the byte order of this machine.
static_assert(std::endian::native == std::endian::little);

class MetadataWriter {
 public:
  MetadataWriter(const Tree& tree, const DataLayout& data, BlockCompressor& compressor,
                 ImageFile& file, sqfs_super_t& super)
      : tree_(tree),
        data_(data),
        compressor_(compressor.library_object()),
        file_(file),
        super_(super),
        order_(tree),
        inode_refs_(tree.node_count(), kNotWritten),
        xattrs_(file),
        inodes_(file.check(sqfs_meta_writer_create(file.library_object(), compressor_, 0))),
        names_(file.check(sqfs_meta_writer_create(file.library_object(), compressor_,
                                                  SQFS_META_WRITER_KEEP_IN_MEMORY))),
        listings_(
            file.check(sqfs_dir_writer_create(names_.get(), SQFS_DIR_WRITER_CREATE_EXPORT_TABLE))) {
  }

  void write() {
    super_.inode_table_start = file_.size();
    for (size_t i = 0; i < order_.listing_count(); ++i) write_listing(order_.listing(i));
    write_inode(Tree::kRoot);
    super_.inode_count = order_.inode_count();
    super_.root_inode_ref = inode_refs_[Tree::kRoot];
    file_.check(sqfs_meta_writer_flush(inodes_.get()));

    super_.directory_table_start = file_.size();
    file_.check(sqfs_meta_writer_flush(names_.get()));
    file_.check(sqfs_meta_write_write_to_file(names_.get()));

    write_tables();
  }

 private:
  void write_tables() {
    sqfs_file_t* const file = file_.library_object();
    const Owned<sqfs_frag_table_t> fragments(file_.check(sqfs_frag_table_create(0)));
    for (const PlacedFragment& fragment : data_.fragments()) {
      file_.check(sqfs_frag_table_append(fragments.get(), fragment.offset, fragment.size, nullptr));
    }
    file_.check(sqfs_frag_table_write(fragments.get(), file, &super_, compressor_));
    file_.check(sqfs_dir_writer_write_export_table(
        listings_.get(), file, compressor_, super_.inode_count, super_.root_inode_ref, &super_));
    write_owners();
    xattrs_.keep_last_block_open();
    file_.check(sqfs_xattr_writer_flush(xattrs_.writer(), file, &super_, compressor_));
  }

  void write_owners() {
    const std::vector<uint32_t>& ids = owners_.ids();
    super_.id_count = static_cast<uint16_t>(ids.size());
    file_.check(sqfs_write_table(file_.library_object(), compressor_, ids.data(),
                                 ids.size() * sizeof(uint32_t), &super_.id_table_start));
  }

  void write_listing(const InodeOrder::Listing& listing) {
    uint32_t directories = 0;
    for (const EntryId entry : listing.entries) {
      const NodeId node = tree_.node(entry);
      if (tree_.kind(node) == NodeKind::kDirectory) ++directories;
      if (inode_refs_[node] == kNotWritten) write_inode(node);
    }
    file_.check(sqfs_dir_writer_begin(listings_.get(), 0));
    for (const EntryId entry : listing.entries) {
      const NodeId node = tree_.node(entry);
      file_.check(sqfs_dir_writer_add_entry(listings_.get(), std::string(tree_.name(entry)).c_str(),
                                            order_.number(node), inode_refs_[node],
                                            file_type(tree_.kind(node))));
    }
    file_.check(sqfs_dir_writer_end(listings_.get()));
    directories_.emplace(listing.directory, directory_inode(listing.directory, directories));
  }

  Inode directory_inode(NodeId directory, uint32_t directories) {
    const uint32_t xattrs = xattrs_.index_of(tree_.xattrs(directory));
    Inode inode(file_.check(
        sqfs_dir_writer_create_inode(listings_.get(), 0, xattrs, parent_number(directory))));
    // The library counts files, too.
    const uint32_t links = directories + 2;
    if (inode->base.type == SQFS_INODE_DIR) {
      inode->data.dir.nlink = links;
    } else {
      inode->data.dir_ext.nlink = links;
      drop_long_index(*inode);
    }
    return inode;
  }

  // An index only helps to find names, and its entries are counted in 16 bits.
  static void drop_long_index(sqfs_inode_generic_t& inode) {
    const auto* const bytes = reinterpret_cast<const char*>(inode.extra);
    size_t count = 0;
    for (size_t at = 0; at < inode.payload_bytes_used; ++count) {
      sqfs_dir_index_t entry{};
      std::memcpy(&entry, bytes + at, sizeof(entry));
      at += sizeof(entry) + entry.size + 1;
    }
    if (count <= UINT16_MAX) return;
    inode.payload_bytes_used = 0;
    inode.data.dir_ext.inodex_count = 0;
  }

  // The root's parent has the number that follows.
  uint32_t parent_number(NodeId directory) const {
    return directory == Tree::kRoot ? order_.inode_count() + 1
                                    : order_.number(tree_.parent(tree_.entry_of(directory)));
  }

  void write_inode(NodeId node) {
    uint64_t block = 0;
    uint32_t offset = 0;
    sqfs_meta_writer_get_position(inodes_.get(), &block, &offset);
    inode_refs_[node] = block << 16 | offset;
    switch (tree_.kind(node)) {
      case NodeKind::kDirectory:
        return write_directory(node);
      case NodeKind::kFile:
        return write_file(node);
      case NodeKind::kSymlink:
        return write_symlink(node);
      case NodeKind::kCharDevice:
      case NodeKind::kBlockDevice:
        return write_device(node);
      case NodeKind::kFifo:
        return write_fifo(node);
    }
  }

  void put(NodeId node, sqfs_inode_generic_t& inode) {
    const Attributes attributes = tree_.attributes(node);
    inode.base.mode = attributes.mode;
    inode.base.uid_idx = owners_.index_of(attributes.uid);
    inode.base.gid_idx = owners_.index_of(attributes.gid);
    inode.base.mod_time = static_cast<uint32_t>(attributes.mtime);
    inode.base.inode_number = order_.number(node);
    file_.check(sqfs_meta_writer_write_inode(inodes_.get(), &inode));
  }

  void write_directory(NodeId node) {
    const auto directory = directories_.find(node);
    put(node, *directory->second);
    directories_.erase(directory);
  }

  void write_file(NodeId node) {
    const PlacedFile file = data_.file(tree_.content(node));
    const uint32_t xattrs = xattrs_.index_of(tree_.xattrs(node));
    const uint64_t sparse = sparse_bytes(file);
    sqfs_inode_generic_t inode{};
    if (xattrs != kNoXattrs || tree_.links(node) > 1 || sparse > 0 || file.size > UINT32_MAX ||
        file.offset > UINT32_MAX) {
      inode.base.type = SQFS_INODE_EXT_FILE;
      inode.data.file_ext = {.blocks_start = file.offset,
                             .file_size = file.size,
                             .sparse = sparse,
                             .nlink = tree_.links(node),
                             .fragment_idx = file.fragment,
                             .fragment_offset = file.fragment_offset,
                             .xattr_idx = xattrs};
    } else {
      inode.base.type = SQFS_INODE_FILE;
      inode.data.file = {.blocks_start = static_cast<uint32_t>(file.offset),
                         .fragment_index = file.fragment,
                         .fragment_offset = file.fragment_offset,
                         .file_size = static_cast<uint32_t>(file.size)};
    }
    put(node, inode);
    // Not as the inode's payload, which the library copies to the stack.
    file_.check(sqfs_meta_writer_append(inodes_.get(), file.block_sizes.data(),
                                        file.block_sizes.size_bytes()));
  }

  uint64_t sparse_bytes(const PlacedFile& file) const {
    uint64_t blocks = 0;
    for (const uint32_t size : file.block_sizes) blocks += size == 0 ? 1 : 0;
    return blocks * super_.block_size;
  }

  void write_symlink(NodeId node) {
    const std::string_view target = tree_.target(node);
    const uint32_t xattrs = xattrs_.index_of(tree_.xattrs(node));
    // The target stands behind the inode.
    std::vector<uint64_t> memory((sizeof(sqfs_inode_generic_t) + target.size()) / sizeof(uint64_t) +
                                 1);
    auto* const inode = reinterpret_cast<sqfs_inode_generic_t*>(memory.data());
    inode->data.slink_ext = {.nlink = tree_.links(node),
                             .target_size = static_cast<uint32_t>(target.size()),
                             .xattr_idx = xattrs};
    inode->base.type = xattrs == kNoXattrs ? SQFS_INODE_SLINK : SQFS_INODE_EXT_SLINK;
    std::memcpy(inode->extra, target.data(), target.size());
    put(node, *inode);
  }

  void write_device(NodeId node) {
    const bool is_block = tree_.kind(node) == NodeKind::kBlockDevice;
    const uint32_t xattrs = xattrs_.index_of(tree_.xattrs(node));
    sqfs_inode_generic_t inode{};
    inode.data.dev_ext = {
        .nlink = tree_.links(node),
        .devno = device_number(tree_.device_major(node), tree_.device_minor(node)),
        .xattr_idx = xattrs};
    if (xattrs == kNoXattrs) {
      inode.base.type = is_block ? SQFS_INODE_BDEV : SQFS_INODE_CDEV;
    } else {
      inode.base.type = is_block ? SQFS_INODE_EXT_BDEV : SQFS_INODE_EXT_CDEV;
    }
    put(node, inode);
  }

  void write_fifo(NodeId node) {
    const uint32_t xattrs = xattrs_.index_of(tree_.xattrs(node));
    sqfs_inode_generic_t inode{};
    inode.base.type = xattrs == kNoXattrs ? SQFS_INODE_FIFO : SQFS_INODE_EXT_FIFO;
    inode.data.ipc_ext = {.nlink = tree_.links(node), .xattr_idx = xattrs};
    put(node, inode);
  }

  static constexpr uint64_t kNotWritten = UINT64_MAX;

  const Tree& tree_;
  const DataLayout& data_;
  sqfs_compressor_t* compressor_;
  ImageFile& file_;
  sqfs_super_t& super_;
  InodeOrder order_;
  std::vector<uint64_t> inode_refs_;
  Owners owners_;
  Xattrs xattrs_;
  Owned<sqfs_meta_writer_t> inodes_;
  Owned<sqfs_meta_writer_t> names_;
  Owned<sqfs_dir_writer_t> listings_;
  std::unordered_map<NodeId, Inode> directories_;  // with a listing, but not written yet
};

}  // namespace

void write_metadata(const Tree& tree, const DataLayout& data, BlockCompressor& compressor,
                    ImageFile& file, sqfs_super_t& super) {
  MetadataWriter(tree, data, compressor, file, super).write();
}

}  // namespace cntr::squashfs
