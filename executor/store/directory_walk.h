// What lies below a directory, read once.
#pragma once

#include <string>
#include <vector>

#include "base/file_system.h"
#include "store/tree.h"

namespace cntr::store {

struct WalkedEntry {
  std::string path;    // relative to the directory
  FileStat stat;       // of the entry itself: symlinks are not followed
  std::string target;  // of symlinks
};

// Every entry below `directory` (which may be a symlink to one), sorted by the bytes of the path.
// An entry that vanishes while it is looked at counts as not there. Throws an environment Error
// when something cannot be read.
std::vector<WalkedEntry> walk_directory(const std::string& directory);

// The same entries as a tree, in which the digests of files are still to be filled in. Throws an
// environment Error for a socket, a fifo or a device; `directory` is for its message.
Tree shape_of(const std::vector<WalkedEntry>& entries, const std::string& directory);

}  // namespace cntr::store
