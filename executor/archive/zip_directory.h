// Zip archives (APPNOTE 6.3, zip64 included), the container of .conda packages and of wheels.
// Hostile: the functions throw a user Error for what is no zip archive, truncated or damaged,
// encrypts a member or names one twice. They do not move the descriptor's offset.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cntr::archive {

// A member's bytes are those of the file from `offset`.
struct ZipMember {
  std::string name;
  uint64_t offset = 0;
  uint64_t size = 0;

  bool operator==(const ZipMember&) const = default;
};

// One that may be compressed: `packed` is what stands in the file, `size` what that becomes.
struct PackedZipMember {
  ZipMember packed;
  uint64_t size = 0;
  bool deflated = false;
  uint32_t mode = 0;  // of a file on Unix; 0 when it is not said
};

// What the archive's central directory lists, in its order. Throws as well for more than a thousand
// members, and for one that is compressed.
std::vector<ZipMember> list_stored_zip(int fd);

// The same with members that are stored or deflated, at most a million of them.
std::vector<PackedZipMember> list_zip(int fd);

}  // namespace cntr::archive
