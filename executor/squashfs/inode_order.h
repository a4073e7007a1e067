// In which order the inodes of a tree stand in an image, and their numbers.
//
// A directory's inode needs its listing, and a listing needs the inodes of what is in it. So
// directories come after all that is below them; the inodes of one directory's entries stand
// together and are numbered in a row, which keeps listings small.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "squashfs/tree.h"

namespace cntr::squashfs {

class InodeOrder {
 public:
  explicit InodeOrder(const Tree& tree);

  struct Listing {
    NodeId directory;
    std::span<const EntryId> entries;  // sorted by name
  };
  // The last one is the root's.
  size_t listing_count() const { return listings_.size(); }
  Listing listing(size_t index) const;

  uint32_t number(NodeId node) const { return numbers_[node]; }  // from 1; the root's is the last
  uint32_t inode_count() const { return numbers_[Tree::kRoot]; }

 private:
  struct Range {
    NodeId directory;
    size_t begin;
    size_t end;
  };

  std::vector<Range> listings_;
  std::vector<EntryId> entries_;
  std::vector<uint32_t> numbers_;
};

}  // namespace cntr::squashfs
