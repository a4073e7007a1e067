// The files that a build looks at: the seam that lets tests build on a disk in memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "store/known_digests.h"

namespace cntr::engine {

// What tells without reading a file that it is the same as before. Symlinks are followed.
struct Identity {
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t size = 0;
  int64_t mtime = 0;  // nanoseconds since the epoch
  int64_t ctime = 0;
  uint32_t mode = 0;   // st_mode: kind and permissions; 0 when nothing is there
  uint32_t links = 0;  // hard links

  bool exists() const { return mode != 0; }
  bool is_directory() const { return (mode & 0170000) == 0040000; }
  bool is_regular() const { return (mode & 0170000) == 0100000; }
  bool operator==(const Identity&) const = default;
};

class Disk {
 public:
  virtual ~Disk() = default;

  // Thread-safe. A path that cannot be looked at (no permission, a symlink loop) throws an
  // environment Error; nothing there, or a file where a directory was expected, is not an error.
  virtual Identity identity(const char* path) const = 0;
  // Thread-safe. Of a regular file its bytes and whether it may be executed, of a thin archive also
  // the bytes of its members, of a directory the names in it, of anything else nothing. Default
  // Digest: nothing is there. Throws an environment Error when it cannot be read.
  virtual Digest content(const std::string& path, const Identity& identity) const = 0;

  virtual std::optional<std::string> read(const std::string& path) const = 0;
  virtual void write(const std::string& path, std::string_view text) = 0;
  virtual void make_parents(const std::string& path) = 0;
  // A file or a link; nothing there is no error. True when it removed something.
  virtual bool remove(const std::string& path) = 0;

  // Of the clock that stamps files.
  virtual int64_t file_time() const = 0;
};

class RealDisk : public Disk {
 public:
  // What content() reads, `known` learns; null for nobody.
  explicit RealDisk(store::KnownDigests* known = nullptr) : known_(known) {}

  Identity identity(const char* path) const override;
  Digest content(const std::string& path, const Identity& identity) const override;
  std::optional<std::string> read(const std::string& path) const override;
  void write(const std::string& path, std::string_view text) override;
  void make_parents(const std::string& path) override;
  bool remove(const std::string& path) override;
  int64_t file_time() const override;

 private:
  store::KnownDigests* known_;
  std::string last_parent_;  // that make_parents() made sure of
};

}  // namespace cntr::engine
