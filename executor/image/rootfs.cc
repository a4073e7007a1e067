#include "image/rootfs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <map>
#include <utility>

#include "base/error.h"
#include "base/file_system.h"

namespace cntr::image {
namespace {

class Copier {
 public:
  explicit Copier(TreeModes modes) : modes_(modes) {}

  void copy_directory(const std::string& from, const std::string& to, const FileStat& info) {
    for (const std::string& name : list_directory(from)) {
      copy_entry(from + "/" + name, to + "/" + name);
    }
    set_mode(to, modes_.directory(info.mode));
    set_time(to, info);
  }

 private:
  void copy_entry(const std::string& from, const std::string& to) {
    const auto info = stat_link(from);
    if (!info) throw environment_error(from + " disappeared while it was copied");
    switch (info->kind) {
      case FileKind::kRegular:
        return copy_file(from, to, *info);
      case FileKind::kDirectory:
        if (mkdir(to.c_str(), 0700) != 0) {
          throw system_error("Cannot make the directory " + to, errno);
        }
        return copy_directory(from, to, *info);
      case FileKind::kSymlink:
        if (symlink(read_link(from).c_str(), to.c_str()) != 0) {
          throw system_error("Cannot make the symbolic link " + to, errno);
        }
        return set_time(to, *info);
      case FileKind::kOther:
        return;
    }
  }

  void copy_file(const std::string& from, const std::string& to, const FileStat& info) {
    if (info.links > 1) {
      const auto [first, is_new] = first_names_.try_emplace({info.device, info.inode}, to);
      if (!is_new) {
        if (link(first->second.c_str(), to.c_str()) != 0) {
          throw system_error("Cannot make the hard link " + to, errno);
        }
        return;
      }
    }
    clone_file(from, to, 0600);
    set_mode(to, modes_.file(info.mode));
    set_time(to, info);
  }

  static void set_mode(const std::string& path, mode_t mode) {
    if (chmod(path.c_str(), mode) != 0) {
      throw system_error("Cannot set the permissions of " + path, errno);
    }
  }

  static void set_time(const std::string& path, const FileStat& info) {
    constexpr int64_t kSecond = 1'000'000'000;
    int64_t seconds = info.mtime / kSecond;
    int64_t rest = info.mtime % kSecond;
    if (rest < 0) {  // before 1970
      rest += kSecond;
      --seconds;
    }
    const timespec time{static_cast<time_t>(seconds), static_cast<long>(rest)};
    const std::array<timespec, 2> times = {time, time};
    if (utimensat(AT_FDCWD, path.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0) {
      throw system_error("Cannot set the time of " + path, errno);
    }
  }

  TreeModes modes_;
  std::map<std::pair<uint64_t, uint64_t>, std::string> first_names_;  // by device and inode
};

}  // namespace

void copy_rootfs(const std::string& from, const std::string& to, TreeModes modes) {
  const auto info = stat_file(from);
  if (!info) throw environment_error(from + " disappeared while it was copied");
  Copier(modes).copy_directory(from, to, *info);
}

}  // namespace cntr::image
