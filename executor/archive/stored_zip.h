// The container of .conda packages: a zip archive (APPNOTE 6.3, zip64 included) whose members are
// stored as they are, uncompressed.
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

// What the archive's central directory lists, in its order. Hostile: throws a user Error for what
// is no zip archive, truncated or damaged, compresses or encrypts a member, names one twice, or has
// more than a thousand. Does not move the descriptor's offset.
std::vector<ZipMember> list_stored_zip(int fd);

}  // namespace cntr::archive
