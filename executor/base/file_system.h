// The file system as Cntr needs it: bytes and errno, no locale, no exceptions of the standard
// library. Paths are bytes without NUL; every function throws an environment Error that names the
// path unless it says otherwise. All functions are thread-safe.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cntr {

enum class FileKind { kRegular, kDirectory, kSymlink, kOther };

// What identifies the state of a file. Times in nanoseconds since the epoch.
struct FileStat {
  FileKind kind = FileKind::kOther;
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t size = 0;
  int64_t mtime = 0;
  int64_t ctime = 0;
  uint32_t mode = 0;  // permission bits only (07777)
  uint32_t uid = 0;
  uint64_t links = 0;

  bool executable() const { return (mode & 0111) != 0; }
  bool operator==(const FileStat&) const = default;
};

// nullopt when nothing is there (ENOENT, ENOTDIR).
std::optional<FileStat> stat_file(const std::string& path);  // follows symlinks
std::optional<FileStat> stat_link(const std::string& path);  // does not
std::optional<FileStat> stat_descriptor(int fd);
bool exists(const std::string& path);  // follows symlinks

// Owns a descriptor; closes it.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  ~UniqueFd() { reset(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  void reset();

 private:
  int fd_ = -1;
};

UniqueFd open_to_read(const std::string& path);  // follows symlinks
void write_all(int fd, std::string_view bytes, const std::string& path);

std::string read_file(const std::string& path);
// nullopt when nothing is there.
std::optional<std::string> read_file_if_exists(const std::string& path);
// Writes beside the path and renames over it: a reader sees the old bytes or the new, never a mix.
void write_file_atomically(const std::string& path, std::string_view bytes, mode_t mode = 0666);
// The same, but leaves an equal file untouched. True when it wrote.
bool write_file_if_changed(const std::string& path, std::string_view bytes);

std::string read_link(const std::string& path);
// Names in byte order, without "." and "..".
std::vector<std::string> list_directory(const std::string& path);
// Everything below a directory, as relative paths in no particular order, a directory before what
// is in it. Symlinks are not followed. Stops after `most` paths.
std::vector<std::string> list_tree(const std::string& path, size_t most = SIZE_MAX);
void make_directories(const std::string& path);  // like mkdir -p
void rename_path(const std::string& from, const std::string& to);
// Removes a file, a link or a whole tree, also where directories inside have lost their write
// permission. Never follows a symlink. Nothing there is no error.
void remove_tree(const std::string& path);

// Copies a regular file's bytes to a new file `to` (which must not exist) with the given mode:
// by reflink where the file system can, else by reading and writing.
void clone_file(const std::string& from, const std::string& to, mode_t mode);

// The permissions that new files of this process lose. Read once.
mode_t file_creation_mask();

// A new private directory "<parent>/<prefix>XXXXXX".
std::string make_temporary_directory(const std::string& parent, const std::string& prefix);

// Removes the tree when it goes out of scope, unless released.
class TemporaryDirectory {
 public:
  TemporaryDirectory(const std::string& parent, const std::string& prefix)
      : path_(make_temporary_directory(parent, prefix)) {}
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();
  const std::string& path() const { return path_; }
  void release() { path_.clear(); }

 private:
  std::string path_;
};

// flock(2), which waits unless told not to. False when it failed: errno says why. Throws Stopped
// when the thread is asked to stop while it waits.
bool lock_open_file(int fd, int operation);

// An advisory lock (flock) on a file that it creates. Held until destruction, also against other
// threads with their own FileLock. The lock file stays.
class FileLock {
 public:
  // Waits, as lock_open_file() does; on_wait is called once when it has to.
  explicit FileLock(const std::string& path, const std::function<void()>& on_wait = nullptr);
  // nullopt when another holds it.
  static std::optional<FileLock> try_lock(const std::string& path);
  // The lock is held until every duplicate of this is closed too.
  int descriptor() const { return fd_.get(); }

 private:
  explicit FileLock(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

// The parent of a path: "a/b" -> "a", "a" -> ".", "/a" -> "/".
std::string parent_path(const std::string& path);
// The last component of a path.
std::string base_name(const std::string& path);
// Absolute, without ".", ".." and doubled slashes; purely textual, symlinks are not resolved.
// A relative path is taken below `base`, which must be absolute.
std::string normal_path(const std::string& path, const std::string& base);
// If `path` is `root` or lies below it: the rest without a leading slash ("" for root itself).
// Both must be normal.
std::optional<std::string> path_below(const std::string& path, const std::string& root);
std::string current_directory();

}  // namespace cntr
