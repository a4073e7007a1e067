#include "store/sharing.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/error.h"
#include "base/file_system.h"

namespace cntr::store {
namespace {

// Not over an empty directory that another process has just made: somebody may hold a lock on it.
bool rename_to_new(const std::string& from, const std::string& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return true;
  if (errno != EINVAL && errno != ENOSYS) return false;
  return rename(from.c_str(), to.c_str()) == 0;  // a file system that knows no such flag
}

}  // namespace

Sharing sharing_of(const std::string& directory) {
  const auto info = stat_file(directory);
  if (!info) throw system_error("Cannot look at " + directory, ENOENT);
  return {.directory = (info->mode & 03777) | 0700, .file = (info->mode & 0666) | 0600};
}

void make_shared_directory(const std::string& path, mode_t mode) {
  const auto is_there = [&path] {
    const auto info = stat_file(path);
    return info && info->kind == FileKind::kDirectory;
  };
  if (is_there()) return;
  std::string made = path + ".XXXXXX";
  if (mkdtemp(made.data()) == nullptr) {
    throw system_error("Cannot make the directory " + path, errno);
  }
  if (chmod(made.c_str(), mode) == 0 && rename_to_new(made, path)) return;
  const int error = errno;
  rmdir(made.c_str());
  if (!is_there()) throw system_error("Cannot make the directory " + path, error);
}

}  // namespace cntr::store
