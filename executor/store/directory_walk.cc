#include "store/directory_walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <string_view>

#include "base/error.h"

namespace cntr::store {
namespace {

struct CloseDirectory {
  void operator()(DIR* stream) const { closedir(stream); }
};
using DirectoryStream = std::unique_ptr<DIR, CloseDirectory>;

int64_t nanoseconds(const timespec& time) {
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

FileStat from_system(const struct stat& info) {
  FileStat out;
  out.kind = S_ISREG(info.st_mode)   ? FileKind::kRegular
             : S_ISDIR(info.st_mode) ? FileKind::kDirectory
             : S_ISLNK(info.st_mode) ? FileKind::kSymlink
                                     : FileKind::kOther;
  out.device = info.st_dev;
  out.inode = info.st_ino;
  out.size = static_cast<uint64_t>(info.st_size);
  out.mtime = nanoseconds(info.st_mtim);
  out.ctime = nanoseconds(info.st_ctim);
  out.mode = info.st_mode & 07777;
  out.uid = info.st_uid;
  out.links = info.st_nlink;
  return out;
}

std::optional<std::string> read_target(int directory_fd, const char* name,
                                       const std::string& path) {
  std::string target(256, '\0');
  for (;;) {
    const ssize_t count = readlinkat(directory_fd, name, target.data(), target.size());
    if (count < 0 && errno == ENOENT) return std::nullopt;
    if (count < 0) throw system_error("Cannot read the link " + path, errno);
    if (static_cast<size_t>(count) < target.size()) {
      target.resize(static_cast<size_t>(count));
      return target;
    }
    target.resize(2 * target.size());
  }
}

class Walk {
 public:
  explicit Walk(const std::string& root) : root_(root) {}

  std::vector<WalkedEntry> run() {
    UniqueFd root_fd(open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!root_fd.valid()) throw system_error("Cannot read the directory " + root_, errno);
    list(dup_of(root_fd.get()), "");
    while (!waiting_.empty()) {
      const std::string directory = std::move(waiting_.back());
      waiting_.pop_back();
      const int fd =
          openat(root_fd.get(), directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      if (fd < 0 && errno == ENOENT) continue;
      if (fd < 0) throw system_error("Cannot read the directory " + root_ + "/" + directory, errno);
      list(fd, directory + "/");
    }
    std::sort(entries_.begin(), entries_.end(),
              [](const WalkedEntry& a, const WalkedEntry& b) { return a.path < b.path; });
    return std::move(entries_);
  }

 private:
  int dup_of(int fd) const {
    const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) throw system_error("Cannot read the directory " + root_, errno);
    return copy;
  }

  // Takes over the descriptor.
  void list(int fd, const std::string& prefix) {
    const DirectoryStream stream(fdopendir(fd));
    if (!stream) {
      const int error = errno;
      close(fd);
      throw system_error("Cannot read the directory " + root_ + "/" + prefix, error);
    }
    for (;;) {
      errno = 0;
      const dirent* const found = readdir(stream.get());
      if (found == nullptr) break;
      const std::string_view name = found->d_name;
      if (name != "." && name != "..") add(fd, found->d_name, prefix);
    }
    if (errno != 0) throw system_error("Cannot read the directory " + root_ + "/" + prefix, errno);
  }

  void add(int directory_fd, const char* name, const std::string& prefix) {
    WalkedEntry entry;
    entry.path = prefix + name;
    struct stat info {};
    if (fstatat(directory_fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) return;
      throw system_error("Cannot look at " + root_ + "/" + entry.path, errno);
    }
    entry.stat = from_system(info);
    if (entry.stat.kind == FileKind::kDirectory) waiting_.push_back(entry.path);
    if (entry.stat.kind == FileKind::kSymlink) {
      auto target = read_target(directory_fd, name, root_ + "/" + entry.path);
      if (!target) return;
      entry.target = std::move(*target);
    }
    entries_.push_back(std::move(entry));
  }

  const std::string& root_;
  std::vector<WalkedEntry> entries_;
  std::vector<std::string> waiting_;  // directories found and not yet listed
};

EntryKind kind_of(const WalkedEntry& entry, const std::string& directory) {
  switch (entry.stat.kind) {
    case FileKind::kRegular:
      return entry.stat.executable() ? EntryKind::kExecutable : EntryKind::kFile;
    case FileKind::kDirectory:
      return EntryKind::kDirectory;
    case FileKind::kSymlink:
      return EntryKind::kSymlink;
    case FileKind::kOther:
      break;
  }
  throw environment_error(
      "Cannot read " + directory + "/" + entry.path + ": it is a socket, a fifo or a device",
      {"A directory of inputs or outputs may hold files, directories and symbolic links."});
}

}  // namespace

std::vector<WalkedEntry> walk_directory(const std::string& directory) {
  return Walk(directory).run();
}

Tree shape_of(const std::vector<WalkedEntry>& entries, const std::string& directory) {
  Tree tree;
  tree.entries.reserve(entries.size());
  for (const WalkedEntry& entry : entries) {
    tree.entries.push_back({.path = entry.path,
                            .kind = kind_of(entry, directory),
                            .digest = {},
                            .target = entry.target});
  }
  return tree;
}

}  // namespace cntr::store
