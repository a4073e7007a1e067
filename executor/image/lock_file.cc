#include "image/lock_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/error.h"

namespace cntr::image {
namespace {

// The file may belong to another user of a shared cache: then it exists, and O_CREAT on it is
// refused in a sticky directory (fs.protected_regular); and it may be only readable, which is
// enough for flock() on a local file system.
UniqueFd open_lock_file(const std::string& path, mode_t mode) {
  for (;;) {
    UniqueFd fd(open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    if (!fd.valid() && errno == EACCES) {
      fd = UniqueFd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    }
    if (fd.valid()) return fd;
    if (errno == ENOENT) {
      fd = UniqueFd(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
      if (fd.valid()) {
        fchmod(fd.get(), mode);  // failing, the cache is not shared
        return fd;
      }
      if (errno == EEXIST) continue;
    }
    throw system_error("Cannot open the lock file " + path, errno);
  }
}

// Who removes an image may remove its lock file as well: then the lock is on a file without a name.
bool is_file_at(const UniqueFd& fd, const std::string& path) {
  const auto open_file = stat_descriptor(fd.get());
  const auto named_file = stat_link(path);
  return open_file && named_file && open_file->device == named_file->device &&
         open_file->inode == named_file->inode;
}

}  // namespace

UniqueFd lock_file(const std::string& path, int operation, mode_t root_mode) {
  for (;;) {
    UniqueFd fd = open_lock_file(path, 0600 | (root_mode & 0066));
    if (!lock_open_file(fd.get(), operation)) throw system_error("Cannot lock " + path, errno);
    if (is_file_at(fd, path)) return fd;
  }
}

}  // namespace cntr::image
