// A directory as content: a Merkle tree, written as one sorted listing whose SHA-256 is the tree's
// digest. Names, kinds, executable bits, symlink targets, contents and empty directories are in
// it; times, owners and other permission bits are not.
//
// The listing, one line an entry, sorted by the bytes of the path (docs/signature.md):
//   f <digest hex> <path>      a file
//   x <digest hex> <path>      an executable file
//   d <path>                   a directory
//   l <target> <path>          a symbolic link
// Paths are relative to the directory, with "/" between components. In paths and targets every
// byte outside [!-~] and "%" is written %XX, so a line has no ambiguity.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"

namespace cntr::store {

enum class EntryKind { kFile, kExecutable, kDirectory, kSymlink };

struct TreeEntry {
  std::string path;  // relative, without "." and ".."
  EntryKind kind = EntryKind::kFile;
  Digest digest;       // of files
  std::string target;  // of symlinks

  bool operator==(const TreeEntry&) const = default;
};

struct Tree {
  std::vector<TreeEntry> entries;  // sorted by path

  std::string listing() const;
  Digest digest() const;  // of listing()

  bool operator==(const Tree&) const = default;
};

// Hostile input: throws an environment Error for anything that listing() does not write, so also
// for absolute paths, "..", unsorted or repeated entries and entries below a non-directory.
Tree parse_tree(std::string_view listing);

}  // namespace cntr::store
