#include "image/unpack.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/error.h"
#include "base/file_system.h"
#include "base/stop_request.h"
#include "image/archive_reader.h"
#include "squashfs/data_pack_reader.h"

namespace cntr::image {
namespace {

using squashfs::Attributes;
using squashfs::EntryId;
using squashfs::FileContent;
using squashfs::NodeId;
using squashfs::NodeKind;
using squashfs::Tree;

// Access and modification.
std::array<timespec, 2> times_of(const Attributes& attributes) {
  const timespec time{static_cast<time_t>(attributes.mtime), 0};
  return {time, time};
}

class DirectoryWriter {
 public:
  DirectoryWriter(const FlatImage& image, std::string directory, TreeModes modes)
      : image_(image), tree_(image.tree), directory_(std::move(directory)), modes_(modes) {
    root_ = UniqueFd(open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!root_.valid()) throw system_error("Cannot open " + directory_, errno);
    first_names_.resize(tree_.node_count());
  }

  void write() {
    make_entries(Tree::kRoot, "");
    // In the order in which the contents lie in the packs.
    std::sort(files_.begin(), files_.end(), [](const File& a, const File& b) {
      return std::pair(a.content.pack, a.content.file) < std::pair(b.content.pack, b.content.file);
    });
    write_files();
    for (const auto& [path, target] : links_) make_hard_link(path, target);
    // What is put into a directory changes its time: those below come first.
    for (auto made = directories_.rbegin(); made != directories_.rend(); ++made) {
      end_directory(made->first, made->second);
    }
  }

 private:
  struct File {
    FileContent content;
    NodeId node;
    std::string path;
  };

  Error cannot(const std::string& what, const std::string& path) const {
    return system_error("Cannot " + what + " " + directory_ + "/" + path, errno);
  }

  void make_entries(NodeId directory, const std::string& prefix) {
    directories_.emplace_back(prefix.empty() ? "." : prefix, directory);
    for (const EntryId entry : tree_.entries(directory)) {
      const NodeId node = tree_.node(entry);
      std::string path = prefix + std::string(tree_.name(entry));
      std::string& first_name = first_names_[node];
      if (!first_name.empty()) {
        links_.emplace_back(std::move(path), first_name);
        continue;
      }
      make_entry(node, path);
      if (tree_.links(node) > 1 && is_kept(node)) first_name = path;
    }
  }

  bool is_kept(NodeId node) const {
    return tree_.kind(node) == NodeKind::kFile || tree_.kind(node) == NodeKind::kSymlink;
  }

  void make_entry(NodeId node, const std::string& path) {
    switch (tree_.kind(node)) {
      case NodeKind::kDirectory:
        if (mkdirat(root_.get(), path.c_str(), 0700) != 0) {
          throw cannot("make the directory", path);
        }
        return make_entries(node, path + "/");
      case NodeKind::kFile:
        files_.push_back({tree_.content(node), node, path});
        return;
      case NodeKind::kSymlink:
        return make_symlink(node, path);
      case NodeKind::kCharDevice:
      case NodeKind::kBlockDevice:
      case NodeKind::kFifo:
        return;
    }
  }

  void make_symlink(NodeId node, const std::string& path) {
    const std::string target(tree_.target(node));
    const auto times = times_of(tree_.attributes(node));
    if (symlinkat(target.c_str(), root_.get(), path.c_str()) != 0 ||
        utimensat(root_.get(), path.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0) {
      throw cannot("make the symbolic link", path);
    }
  }

  void write_files() {
    for (size_t i = 0; i < files_.size();) {
      const uint32_t pack = files_[i].content.pack;
      squashfs::DataPackReader reader(image_.packs.at(pack));
      for (; i < files_.size() && files_[i].content.pack == pack; ++i)
        write_file(reader, files_[i]);
    }
  }

  void write_file(squashfs::DataPackReader& reader, const File& file) {
    throw_if_stopped();
    const UniqueFd fd(openat(root_.get(), file.path.c_str(),
                             O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd.valid()) throw cannot("write", file.path);
    reader.read(file.content.file, [&](std::string_view bytes, uint64_t offset) {
      if (lseek(fd.get(), static_cast<off_t>(offset), SEEK_SET) < 0) {
        throw cannot("write", file.path);
      }
      write_all(fd.get(), bytes, directory_ + "/" + file.path);
    });
    const Attributes attributes = tree_.attributes(file.node);
    const uint64_t size = image_.packs.at(file.content.pack).file_size(file.content.file);
    if (ftruncate(fd.get(), static_cast<off_t>(size)) != 0 ||
        fchmod(fd.get(), modes_.file(attributes.mode)) != 0 ||
        futimens(fd.get(), times_of(attributes).data()) != 0) {
      throw cannot("write", file.path);
    }
  }

  void make_hard_link(const std::string& path, const std::string& target) {
    if (linkat(root_.get(), target.c_str(), root_.get(), path.c_str(), 0) != 0) {
      throw cannot("make the hard link", path);
    }
  }

  void end_directory(const std::string& path, NodeId node) {
    const Attributes attributes = tree_.attributes(node);
    if (fchmodat(root_.get(), path.c_str(), modes_.directory(attributes.mode), 0) != 0 ||
        utimensat(root_.get(), path.c_str(), times_of(attributes).data(), 0) != 0) {
      throw cannot("set the permissions of", path);
    }
  }

  const FlatImage& image_;
  const Tree& tree_;
  std::string directory_;
  TreeModes modes_;
  UniqueFd root_;
  std::vector<std::string> first_names_;  // by node: of those with several names
  std::vector<File> files_;
  std::vector<std::pair<std::string, std::string>> links_;   // a name, and the first one
  std::vector<std::pair<std::string, NodeId>> directories_;  // those above come first
};

// Packs are only a step on the way.
constexpr squashfs::Compression kInPassing = {squashfs::Compressor::kLz4, 0};

Workshop workshop_beside(const std::string& directory, squashfs::WorkerPool& pool) {
  return {parent_path(directory), pool, kInPassing};
}

}  // namespace

void unpack(const FlatImage& image, const std::string& directory, TreeModes modes) {
  DirectoryWriter(image, directory, modes).write();
}

void unpack_layers(const OciLayout& layout, const LayoutImage& image, const std::string& directory,
                   TreeModes modes) {
  squashfs::WorkerPool pool;
  unpack(read_layers(layout, image, workshop_beside(directory, pool)), directory, modes);
}

UnpackedRootfs unpack_rootfs_archive(const std::string& archive, const std::string& directory,
                                     TreeModes modes) {
  squashfs::WorkerPool pool;
  const ArchiveImage read = read_rootfs_archive(archive, workshop_beside(directory, pool));
  unpack(read.image, directory, modes);
  return {read.archive, content_digest(read.image)};
}

void add_mount_points(const std::string& directory, TreeModes modes) {
  for (const MountPoint& point : kMountPoints) {
    const std::string path = directory + "/" + point.name;
    const auto info = stat_link(path);
    if (info && info->kind == FileKind::kDirectory) continue;
    remove_tree(path);
    if (mkdir(path.c_str(), 0700) != 0 || chmod(path.c_str(), modes.directory(point.mode)) != 0) {
      throw system_error("Cannot make the directory " + path, errno);
    }
  }
}

}  // namespace cntr::image
