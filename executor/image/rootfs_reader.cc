#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>
#include <utility>

#include "base/error.h"
#include "image/kept_xattrs.h"
#include "image/rootfs.h"

namespace cntr::image {
namespace {

using squashfs::Attributes;
using squashfs::NodeId;
using squashfs::NodeKind;
using squashfs::Tree;

Attributes attributes_of(const struct stat& info) {
  return {static_cast<uint16_t>(info.st_mode & 07777), info.st_uid, info.st_gid,
          info.st_mtim.tv_sec};
}

// Calls `get` with a buffer until what it gives fits; what is not there or not for us is nothing.
template <typename Get>
std::string attribute_bytes(const Get& get) {
  constexpr size_t kMost = 65536;  // the kernel's bound on names and on values
  std::string bytes(kMost, '\0');
  const ssize_t size = get(bytes.data(), bytes.size());
  bytes.resize(size < 0 ? 0 : static_cast<size_t>(size));
  return bytes;
}

class RootfsReader {
 public:
  RootfsReader(const Workshop& workshop, const std::string& root)
      : pack_(workshop.new_pack("the contents of " + root)), buffer_(kBufferSize, '\0') {}

  FlatImage read(const std::string& root) {
    const struct stat info = look_at(root, 0);
    FlatImage image;
    tree_ = &image.tree;
    tree_->set_attributes(Tree::kRoot, attributes_of(info));
    read_xattrs(Tree::kRoot, root);
    read_directory(root, Tree::kRoot);
    image.packs.push_back(pack_.finish());
    return image;
  }

 private:
  static constexpr size_t kBufferSize = size_t{256} * 1024;

  static struct stat look_at(const std::string& path, int flags) {
    struct stat info {};
    if (fstatat(AT_FDCWD, path.c_str(), &info, flags) != 0) {
      throw system_error("Cannot look at " + path, errno);
    }
    return info;
  }

  void read_directory(const std::string& path, NodeId directory) {
    for (const std::string& name : list_directory(path)) {
      const std::string below = path + "/" + name;
      const struct stat info = look_at(below, AT_SYMLINK_NOFOLLOW);
      const auto node = node_at(below, info);
      if (!node) continue;
      tree_->add(directory, name, *node);
      if (S_ISDIR(info.st_mode)) read_directory(below, *node);
    }
  }

  std::optional<NodeId> node_at(const std::string& path, const struct stat& info) {
    const bool has_names = !S_ISDIR(info.st_mode) && info.st_nlink > 1;
    if (has_names) {
      const auto known = known_.find({info.st_dev, info.st_ino});
      if (known != known_.end()) return known->second;
    }
    const auto node = new_node(path, info);
    if (!node) return std::nullopt;
    read_xattrs(*node, path);
    if (has_names) known_.emplace(std::pair(info.st_dev, info.st_ino), *node);
    return node;
  }

  std::optional<NodeId> new_node(const std::string& path, const struct stat& info) {
    const Attributes attributes = attributes_of(info);
    switch (info.st_mode & S_IFMT) {
      case S_IFDIR:
        return tree_->make_directory(attributes);
      case S_IFREG:
        return tree_->make_file(attributes, {0, read_content(path)});
      case S_IFLNK:
        return tree_->make_symlink(attributes, read_link(path));
      case S_IFCHR:
      case S_IFBLK:
        return tree_->make_device(
            S_ISCHR(info.st_mode) ? NodeKind::kCharDevice : NodeKind::kBlockDevice, attributes,
            major(info.st_rdev), minor(info.st_rdev));
      case S_IFIFO:
        return tree_->make_fifo(attributes);
      default:
        return std::nullopt;
    }
  }

  squashfs::FileIndex read_content(const std::string& path) {
    const UniqueFd fd(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd.valid()) throw system_error("Cannot read " + path, errno);
    pack_.begin_file();
    // Holes are read as zeros, of which the pack keeps none.
    for (;;) {
      const ssize_t count = ::read(fd.get(), buffer_.data(), buffer_.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw system_error("Cannot read " + path, errno);
      if (count == 0) return pack_.end_file();
      pack_.append({buffer_.data(), static_cast<size_t>(count)});
    }
  }

  void read_xattrs(NodeId node, const std::string& path) {
    const std::string names = attribute_bytes(
        [&](char* out, size_t size) { return llistxattr(path.c_str(), out, size); });
    std::vector<squashfs::Xattr> xattrs;
    for (size_t at = 0; at < names.size(); at = names.find('\0', at) + 1) {
      const std::string name(names.c_str() + at);
      if (!is_kept_xattr(name)) continue;
      xattrs.push_back({name, attribute_bytes([&](char* out, size_t size) {
                          return lgetxattr(path.c_str(), name.c_str(), out, size);
                        })});
    }
    tree_->set_xattrs(node, std::move(xattrs));
  }

  squashfs::DataPackWriter pack_;
  std::string buffer_;
  Tree* tree_ = nullptr;
  std::map<std::pair<dev_t, ino_t>, NodeId> known_;  // those with several names
};

}  // namespace

FlatImage read_rootfs(const std::string& from, const Workshop& workshop) {
  return RootfsReader(workshop, from).read(from);
}

}  // namespace cntr::image
