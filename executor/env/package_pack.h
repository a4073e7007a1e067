// What a package becomes in a prefix: its files with the prefix in them, compressed, and a list of
// what they are. A pure function of the package, the prefix and the Compression; so it is kept in
// the cache, and the next environment with this package takes it from there.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/warning.h"
#include "env/package_archive.h"
#include "env/package_info.h"
#include "squashfs/data_pack.h"
#include "squashfs/data_pack_writer.h"

namespace cntr::env {

enum class LinkedKind : uint8_t { kFile, kSymlink, kDirectory };

// What a path of a package is in the prefix.
struct LinkedFile {
  LinkedKind kind = LinkedKind::kFile;
  uint16_t mode = 0644;
  int64_t mtime = 0;                // seconds since 1970
  squashfs::FileIndex content = 0;  // in the package's data pack
  bool has_prefix = false;          // the prefix changed it
  std::string target;               // of a symbolic link

  bool operator==(const LinkedFile&) const = default;
};

struct PackedPackage {
  PackageInfo info;
  std::vector<LinkedFile> files;  // what each of info.paths is
};

// The permissions of a file in an environment: read by all, run by all when the packer could run
// it, written by its owner when it could be written. Archives hold the packer's umask.
uint16_t linked_mode(mode_t mode);

// Puts the content of the package's files into the pack. Throws a user Error, which names package
// and file, when the package does not hold what it lists or the prefix is too long for it.
PackedPackage pack_package(PackageArchive& package, const std::string& prefix,
                           squashfs::DataPackWriter& pack, const WarningSink& warn);

}  // namespace cntr::env
