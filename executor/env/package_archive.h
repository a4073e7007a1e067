// Reads conda packages: .conda (a stored zip of tar.zst archives) and .tar.bz2, told by content
// (CEP 35). Archives are hostile: what this returns is well-formed, normal and bounded, and the
// package's checksum is the caller's to verify before.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "archive/tar_reader.h"
#include "archive/unpack_budget.h"
#include "base/error.h"
#include "base/file_system.h"
#include "env/package_info.h"

namespace cntr::env {

// A file, symbolic link or hard link of the package, other than those of info/.
struct PayloadEntry {
  std::string path;  // relative, normal; no path twice
  archive::TarKind kind = archive::TarKind::kFile;
  mode_t mode = 0;
  int64_t mtime = 0;  // seconds since 1970
  uint64_t size = 0;
  std::string target;  // of a symbolic link as it is; of a hard link the normal path of a file
                       // that was there before
};

class PackageArchive {
 public:
  // Reads the package's metadata. `name` is the package's name in messages. Every function throws a
  // user Error that begins with it for what is no conda package, damaged or hostile.
  PackageArchive(UniqueFd file, std::string name);

  const PackageInfo& info() const { return info_; }
  const std::string& name() const { return name_; }

  // Calls `visit` for each entry, in the archive's order. It may take the bytes of a regular file
  // with reader.read(). What it throws is thrown, with the package's and the entry's name.
  using Visit = std::function<void(const PayloadEntry& entry, archive::TarReader& reader)>;
  void read_payload(const Visit& visit);

 private:
  // A tar archive in the file.
  struct Part {
    uint64_t offset = 0;
    uint64_t size = 0;
  };

  void find_parts();
  InfoFiles read_info();
  archive::TarReader open(const Part& part, archive::Extent extent);
  Error in_package(const std::string& where, const Error& error) const;

  UniqueFd file_;
  std::string name_;
  std::vector<Part> parts_;  // with the payload
  std::vector<Part> infos_;  // with info/
  archive::UnpackBudget budget_;
  PackageInfo info_;
};

}  // namespace cntr::env
