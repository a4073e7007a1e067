// A squashfs file, opened and checked: what is mounted is what was checked, whatever happens to its
// path meanwhile.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/file_system.h"
#include "mount/mount.h"

namespace cntr::mount {

// The size in bytes that the superblock of a squashfs 4.0 file system states
// (Documentation/filesystems/squashfs.rst of Linux; fs/squashfs/squashfs_fs.h). nullopt when these
// bytes begin none.
std::optional<uint64_t> squashfs_size(std::string_view superblock);
constexpr size_t kSuperblockSize = 96;

class SourceFile {
 public:
  // Throws as Mounts::mount() says.
  explicit SourceFile(const Source& source);

  int descriptor() const { return fd_.get(); }
  const Source& source() const { return source_; }
  // Of the squashfs file system.
  uint64_t size() const { return size_; }
  // What follows the offset in the file, in bytes.
  uint64_t available() const { return available_; }
  // One word that another file, and this one when it has been written to, does not have.
  const std::string& identity() const { return identity_; }

 private:
  Source source_;
  UniqueFd fd_;
  uint64_t size_ = 0;
  uint64_t available_ = 0;
  std::string identity_;
};

// Whether everyone on this machine may read the file, by its permissions and those of the
// directories above.
bool everyone_may_read(const std::string& file);

}  // namespace cntr::mount
