// Where the contents of a tree come to lie in an image.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "squashfs/data_copy.h"
#include "squashfs/data_pack.h"
#include "squashfs/tree.h"

namespace cntr::squashfs {

// As a file's inode says it.
struct PlacedFile {
  uint64_t size = 0;
  uint64_t offset = 0;  // of the first block
  std::span<const uint32_t> block_sizes;
  uint32_t fragment = kNoFragment;
  uint32_t fragment_offset = 0;
};

struct PlacedFragment {
  uint64_t offset = 0;
  uint32_t size = 0;
};

class DataLayout {
 public:
  // What `tree` uses of the packs lies from `offset` on. The packs must outlive the object.
  DataLayout(const Tree& tree, std::span<const DataPack* const> packs, uint64_t offset);

  // What is to be copied, one behind the other.
  const std::vector<BlockCopy>& copies() const { return copies_; }
  PlacedFile file(FileContent content) const;
  const std::vector<PlacedFragment>& fragments() const { return fragments_; }
  uint64_t end() const { return position_; }

 private:
  struct Place {
    FileContent source;  // the file that is in the image: itself or an equal one
    uint64_t offset = 0;
    bool used = false;
  };
  struct PackPlaces {
    std::vector<Place> files;
    std::vector<uint32_t> fragments;  // their numbers in the image
  };

  void find_used(const Tree& tree);
  void place_pack(uint32_t pack);
  void place_blocks(uint32_t pack, const PackedFile& file);
  void place_block(uint32_t pack, uint64_t from, uint32_t size, uint32_t checksum);

  std::span<const DataPack* const> packs_;
  std::vector<PackPlaces> places_;
  std::vector<PlacedFragment> fragments_;
  std::vector<BlockCopy> copies_;
  uint64_t position_;
};

}  // namespace cntr::squashfs
