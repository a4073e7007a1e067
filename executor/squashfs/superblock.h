// The superblock of a squashfs image: what a mounted file must begin with.
#pragma once

#include <cstdint>
#include <string>

namespace cntr::squashfs {

struct Superblock {
  uint32_t inodes = 0;
  uint32_t modified = 0;  // seconds since 1970
  uint32_t block_size = 0;
  uint32_t fragments = 0;
  std::string compressor;  // "gzip", "lzma", "lzo", "xz", "lz4" or "zstd"
  uint16_t flags = 0;
  uint64_t bytes_used = 0;
};

// Reads the superblock at `offset` of the open file, of which `length` bytes may belong to the
// image. Hostile: throws a user Error, which begins with `name`, unless it is an image of version
// 4.0 whose tables lie in order inside `length`. Does not move the file's offset. Thread-safe.
Superblock read_superblock(int fd, uint64_t offset, uint64_t length, const std::string& name);

}  // namespace cntr::squashfs
