// SIF files (Singularity image format, version 1): where the root file system lies in one.
//
// A SIF is a header, a table of descriptors and the data they describe, all little-endian, as
// github.com/sylabs/sif defines it in pkg/sif. Cntr wants the primary system partition, which is a
// squashfs at an offset of the file. Everything in the file is hostile: every number is checked
// against the file's size before it is used.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cntr::image {

struct SifPartition {
  uint64_t offset = 0;  // in bytes, within the file
  uint64_t size = 0;
  std::string architecture;  // in OCI's words; "" when the file does not say

  bool operator==(const SifPartition&) const = default;
};

// Reads what it needs of a file of that many bytes. The result has exactly `count` bytes, unless
// they are not all there.
class SifBytes {
 public:
  virtual ~SifBytes() = default;
  virtual uint64_t size() const = 0;
  virtual std::string read(uint64_t offset, uint64_t count) const = 0;
};

// The squashfs with the root file system. Throws a user Error that says what is wrong with the
// file, without naming it: no SIF, damaged, no such partition, more than one, encrypted, or of a
// kind that cannot be mounted.
SifPartition find_root_partition(const SifBytes& file);

// The same for a file on disk; the Error begins with the path. Throws a user Error when it is not
// there or is no regular file.
SifPartition read_sif(const std::string& path);

}  // namespace cntr::image
