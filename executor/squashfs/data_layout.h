// Where the contents of a tree come to lie in an image.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

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
  // Copies what `tree` uses of the packs: calls `write` with pieces that lie one after another,
  // from `offset` on. The packs must outlive the object.
  using Write = std::function<void(std::string_view bytes)>;
  DataLayout(const Tree& tree, std::span<const DataPack* const> packs, uint64_t offset,
             const Write& write);

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
  void copy_pack(uint32_t pack, const Write& write);
  void copy_blocks(const DataPack& pack, const PackedFile& file, const Write& write);

  std::span<const DataPack* const> packs_;
  std::vector<PackPlaces> places_;
  std::vector<PlacedFragment> fragments_;
  uint64_t position_;
};

}  // namespace cntr::squashfs
