#include "base/file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "base/error.h"
#include "base/stop_request.h"

namespace cntr {
namespace {

int64_t nanoseconds(const timespec& time) {
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

FileStat from_system(const struct stat& info) {
  FileStat out;
  if (S_ISREG(info.st_mode)) {
    out.kind = FileKind::kRegular;
  } else if (S_ISDIR(info.st_mode)) {
    out.kind = FileKind::kDirectory;
  } else if (S_ISLNK(info.st_mode)) {
    out.kind = FileKind::kSymlink;
  }
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

std::optional<FileStat> stat_at(const std::string& path, int flags) {
  struct stat info {};
  if (fstatat(AT_FDCWD, path.c_str(), &info, flags) == 0) return from_system(info);
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  throw system_error("Cannot look at " + path, errno);
}

UniqueFd create_beside(const std::string& path, std::string& temporary) {
  temporary = parent_path(path) + "/." + base_name(path).substr(0, 200) + ".XXXXXX";
  UniqueFd fd(mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd.valid()) throw system_error("Cannot write " + path, errno);
  return fd;
}

// Throws unless the entry is gone.
void remove_entries_below(int directory_fd, const std::string& path);

void remove_entry(int parent_fd, const char* name, const std::string& path) {
  if (unlinkat(parent_fd, name, 0) == 0 || errno == ENOENT) return;
  if (errno != EISDIR && errno != EPERM && errno != EACCES) {
    throw system_error("Cannot remove " + path, errno);
  }
  const int unlink_error = errno;
  if (unlinkat(parent_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT) return;
  if (errno == ENOTDIR) throw system_error("Cannot remove " + path, unlink_error);
  UniqueFd directory(openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory.valid() && errno == EACCES && fchmodat(parent_fd, name, 0700, 0) == 0) {
    directory = UniqueFd(openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  }
  if (!directory.valid()) throw system_error("Cannot remove " + path, errno);
  remove_entries_below(directory.get(), path);
  if (unlinkat(parent_fd, name, AT_REMOVEDIR) != 0 && errno != ENOENT) {
    throw system_error("Cannot remove " + path, errno);
  }
}

void remove_entries_below(int directory_fd, const std::string& path) {
  struct stat info {};
  if (fstat(directory_fd, &info) == 0 && (info.st_mode & 0700) != 0700) {
    fchmod(directory_fd, 0700);  // failing is told by the removal itself
  }
  DIR* const stream = fdopendir(fcntl(directory_fd, F_DUPFD_CLOEXEC, 0));
  if (stream == nullptr) throw system_error("Cannot remove " + path, errno);
  std::vector<std::string> names;
  while (const dirent* entry = readdir(stream)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  closedir(stream);
  for (const std::string& name : names) {
    remove_entry(directory_fd, name.c_str(), path + "/" + name);
  }
}

void copy_bytes(int from, int to, const std::string& path) {
  constexpr size_t kChunk = size_t{1} << 26;
  bool copy_range_works = true;
  for (;;) {
    throw_if_stopped();
    ssize_t count = -1;
    if (copy_range_works) {
      count = copy_file_range(from, nullptr, to, nullptr, kChunk, 0);
      if (count < 0 &&
          (errno == EXDEV || errno == ENOSYS || errno == EINVAL || errno == EOPNOTSUPP)) {
        copy_range_works = false;
        continue;
      }
    } else {
      count = sendfile(to, from, nullptr, kChunk);
    }
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error("Cannot write " + path, errno);
    if (count == 0) return;
  }
}

}  // namespace

std::optional<FileStat> stat_file(const std::string& path) { return stat_at(path, 0); }

std::optional<FileStat> stat_link(const std::string& path) {
  return stat_at(path, AT_SYMLINK_NOFOLLOW);
}

std::optional<FileStat> stat_descriptor(int fd) {
  struct stat info {};
  if (fstat(fd, &info) != 0) return std::nullopt;
  return from_system(info);
}

bool exists(const std::string& path) { return stat_file(path).has_value(); }

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void UniqueFd::reset() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

UniqueFd open_to_read(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) throw system_error("Cannot read " + path, errno);
  return fd;
}

void write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t count = write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error("Cannot write " + path, errno);
    bytes.remove_prefix(static_cast<size_t>(count));
  }
}

std::string read_file(const std::string& path) {
  const UniqueFd fd = open_to_read(path);
  std::string out;
  // Files of /proc do not tell their size.
  const auto info = stat_descriptor(fd.get());
  const size_t chunk = std::clamp<size_t>(info ? info->size + 1 : 0, 4096, size_t{64} * 1024);
  if (info) out.reserve(info->size + chunk);
  for (;;) {
    const size_t before = out.size();
    out.resize(before + chunk);
    const ssize_t count = read(fd.get(), out.data() + before, chunk);
    out.resize(before + static_cast<size_t>(std::max<ssize_t>(count, 0)));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error("Cannot read " + path, errno);
    if (count == 0) return out;
  }
}

std::optional<std::string> read_file_if_exists(const std::string& path) {
  if (!exists(path)) return std::nullopt;
  return read_file(path);
}

void write_file_atomically(const std::string& path, std::string_view bytes, mode_t mode) {
  std::string temporary;
  const UniqueFd fd = create_beside(path, temporary);
  try {
    write_all(fd.get(), bytes, path);
    if (fchmod(fd.get(), mode & ~file_creation_mask()) != 0) {
      throw system_error("Cannot write " + path, errno);
    }
    rename_path(temporary, path);
  } catch (...) {
    unlink(temporary.c_str());
    throw;
  }
}

bool write_file_if_changed(const std::string& path, std::string_view bytes) {
  if (read_file_if_exists(path) == bytes) return false;
  write_file_atomically(path, bytes);
  return true;
}

std::string read_link(const std::string& path) {
  std::string target(256, '\0');
  for (;;) {
    const ssize_t count = readlink(path.c_str(), target.data(), target.size());
    if (count < 0) throw system_error("Cannot read the link " + path, errno);
    if (static_cast<size_t>(count) < target.size()) {
      target.resize(static_cast<size_t>(count));
      return target;
    }
    target.resize(2 * target.size());
  }
}

std::vector<std::string> list_directory(const std::string& path) {
  DIR* const stream = opendir(path.c_str());
  if (stream == nullptr) throw system_error("Cannot list " + path, errno);
  std::vector<std::string> names;
  while (const dirent* entry = readdir(stream)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  closedir(stream);
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> list_tree(const std::string& path, size_t most) {
  std::vector<std::string> out;
  std::vector<std::string> open_directories = {""};
  while (!open_directories.empty()) {
    const std::string directory = std::move(open_directories.back());
    open_directories.pop_back();
    for (const std::string& name : list_directory(path + "/" + directory)) {
      if (out.size() == most) return out;
      out.push_back(directory.empty() ? name : directory + "/" + name);
      const auto info = stat_link(path + "/" + out.back());
      if (info && info->kind == FileKind::kDirectory) open_directories.push_back(out.back());
    }
  }
  return out;
}

void make_directories(const std::string& path) {
  if (mkdir(path.c_str(), 0777) == 0) return;
  if (errno == EEXIST) {
    const auto info = stat_file(path);
    if (info && info->kind == FileKind::kDirectory) return;
    throw system_error("Cannot make the directory " + path, EEXIST);
  }
  if (errno != ENOENT || parent_path(path) == path) {
    throw system_error("Cannot make the directory " + path, errno);
  }
  make_directories(parent_path(path));
  if (mkdir(path.c_str(), 0777) != 0 && errno != EEXIST) {
    throw system_error("Cannot make the directory " + path, errno);
  }
}

void rename_path(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) != 0) {
    throw system_error("Cannot rename " + from + " to " + to, errno);
  }
}

void remove_tree(const std::string& path) { remove_entry(AT_FDCWD, path.c_str(), path); }

void clone_file(const std::string& from, const std::string& to, mode_t mode) {
  const UniqueFd source = open_to_read(from);
  const UniqueFd target(open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!target.valid()) throw system_error("Cannot write " + to, errno);
  try {
    if (ioctl(target.get(), FICLONE, source.get()) != 0) {
      copy_bytes(source.get(), target.get(), to);
    }
  } catch (...) {
    unlink(to.c_str());
    throw;
  }
}

namespace {

// The line "Umask:" of /proc/self/status, in octal digits.
std::optional<mode_t> mask_in_status() {
  const std::string status = read_file_if_exists("/proc/self/status").value_or("");
  constexpr std::string_view kKey = "\nUmask:\t";
  const size_t at = status.find(kKey);
  if (at == std::string::npos) return std::nullopt;
  return static_cast<mode_t>(std::strtoul(status.c_str() + at + kKey.size(), nullptr, 8));
}

}  // namespace

mode_t file_creation_mask() {
  static const mode_t mask = [] {
    if (const auto from_system = mask_in_status()) return *from_system;
    // There is no call that reads it without setting it, which other threads would notice.
    const mode_t old = umask(022);
    umask(old);
    return old;
  }();
  return mask;
}

std::string make_temporary_directory(const std::string& parent, const std::string& prefix) {
  std::string path = parent + "/" + prefix + "XXXXXX";
  if (mkdtemp(path.data()) == nullptr) {
    throw system_error("Cannot make a directory in " + parent, errno);
  }
  return path;
}

TemporaryDirectory::~TemporaryDirectory() {
  if (path_.empty()) return;
  try {
    remove_tree(path_);
  } catch (const Error&) {
    // A destructor cannot report it; the directory is found and removed by a later run.
  }
}

namespace {

UniqueFd open_lock_file(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  // A file that may only be read can be locked as well.
  if (!fd.valid() && errno == EACCES) fd = UniqueFd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) throw system_error("Cannot open the lock file " + path, errno);
  return fd;
}

bool flock_retrying(int fd, int operation) {
  while (flock(fd, operation) != 0) {
    if (errno != EINTR) return false;
  }
  return true;
}

}  // namespace

bool lock_open_file(int fd, int operation) {
  const StopRequest* const stop = stop_request_of_thread();
  if (stop == nullptr) return flock_retrying(fd, operation);
  // flock() cannot wait for two things.
  constexpr int kMilliseconds = 20;
  while (!flock_retrying(fd, operation | LOCK_NB)) {
    if (errno != EWOULDBLOCK || (operation & LOCK_NB) != 0) return false;
    pollfd stopped{stop->descriptor(1), POLLIN, 0};
    poll(&stopped, 1, kMilliseconds);
    throw_if_stopped();
  }
  return true;
}

FileLock::FileLock(const std::string& path, const std::function<void()>& on_wait)
    : fd_(open_lock_file(path)) {
  if (flock_retrying(fd_.get(), LOCK_EX | LOCK_NB)) return;
  if (errno == EWOULDBLOCK && on_wait) on_wait();
  if (!lock_open_file(fd_.get(), LOCK_EX)) throw system_error("Cannot lock " + path, errno);
}

std::optional<FileLock> FileLock::try_lock(const std::string& path) {
  UniqueFd fd = open_lock_file(path);
  if (flock_retrying(fd.get(), LOCK_EX | LOCK_NB)) return FileLock(std::move(fd));
  if (errno == EWOULDBLOCK) return std::nullopt;
  throw system_error("Cannot lock " + path, errno);
}

std::string parent_path(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string base_name(const std::string& path) {
  return path.substr(path.find_last_of('/') + 1);  // npos + 1 is 0
}

std::string normal_path(const std::string& path, const std::string& base) {
  const std::string whole = path.empty() || path[0] != '/' ? base + "/" + path : path;
  std::vector<std::string_view> parts;
  size_t begin = 0;
  while (begin <= whole.size()) {
    const size_t end = std::min(whole.find('/', begin), whole.size());
    const std::string_view part = std::string_view(whole).substr(begin, end - begin);
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
    begin = end + 1;
  }
  std::string out;
  for (const std::string_view part : parts) {
    out += '/';
    out += part;
  }
  return out.empty() ? "/" : out;
}

std::optional<std::string> path_below(const std::string& path, const std::string& root) {
  if (path == root) return "";
  const std::string prefix = root == "/" ? root : root + "/";
  if (path.compare(0, prefix.size(), prefix) != 0) return std::nullopt;
  return path.substr(prefix.size());
}

std::string current_directory() {
  char* const path = getcwd(nullptr, 0);
  if (path == nullptr) throw system_error("Cannot tell the current directory", errno);
  std::string out = path;
  std::free(path);
  return out;
}

}  // namespace cntr
