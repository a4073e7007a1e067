#include "squashfs/data_layout.h"

#include <algorithm>
#include <unordered_map>

#include "base/error.h"

namespace cntr::squashfs {
namespace {

// A run of blocks of one file, or a fragment block, to be copied.
struct Piece {
  uint64_t offset;
  bool is_fragment;
  uint32_t index;

  auto operator<=>(const Piece&) const = default;
};

}  // namespace

DataLayout::DataLayout(const Tree& tree, std::span<const DataPack* const> packs, uint64_t offset)
    : packs_(packs), places_(packs.size()), position_(offset) {
  find_used(tree);
  for (uint32_t pack = 0; pack < packs.size(); ++pack) place_pack(pack);
}

void DataLayout::find_used(const Tree& tree) {
  for (size_t i = 0; i < packs_.size(); ++i) {
    places_[i].files.resize(packs_[i]->file_count());
    places_[i].fragments.resize(packs_[i]->table().fragments.size(), kNoFragment);
  }
  for (NodeId node = 0; node < tree.node_count(); ++node) {
    if (tree.links(node) == 0 || tree.kind(node) != NodeKind::kFile) continue;
    const FileContent content = tree.content(node);
    places_.at(content.pack).files.at(content.file).used = true;
  }
  size_t files = 0;
  for (const PackPlaces& places : places_) files += places.files.size();
  std::unordered_map<Digest, FileContent, DigestHash> first_with(files);
  for (uint32_t pack = 0; pack < packs_.size(); ++pack) {
    for (FileIndex file = 0; file < places_[pack].files.size(); ++file) {
      Place& place = places_[pack].files[file];
      if (!place.used) continue;
      place.source =
          first_with.try_emplace(packs_[pack]->file_digest(file), FileContent{pack, file})
              .first->second;
    }
  }
}

void DataLayout::place_pack(uint32_t index) {
  const PackTable& table = packs_[index]->table();
  PackPlaces& places = places_[index];
  std::vector<bool> wanted(table.fragments.size());
  std::vector<Piece> pieces;
  for (FileIndex file = 0; file < places.files.size(); ++file) {
    const Place& place = places.files[file];
    if (!place.used || place.source != FileContent{index, file}) continue;
    const PackedFile& packed = table.files[file];
    if (packed.blocks > 0) pieces.push_back({packed.offset, false, file});
    if (packed.fragment != kNoFragment) wanted[packed.fragment] = true;
  }
  for (uint32_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i]) pieces.push_back({table.fragments[i].offset, true, i});
  }
  std::sort(pieces.begin(), pieces.end());
  for (const Piece& piece : pieces) {
    if (piece.is_fragment) {
      const PackedFragment& fragment = table.fragments[piece.index];
      places.fragments[piece.index] = static_cast<uint32_t>(fragments_.size());
      fragments_.push_back({position_, fragment.size});
      place_block(index, fragment.offset, fragment.size, fragment.checksum);
    } else {
      places.files[piece.index].offset = position_;
      place_blocks(index, table.files[piece.index]);
    }
  }
}

void DataLayout::place_blocks(uint32_t pack, const PackedFile& file) {
  const PackTable& table = packs_[pack]->table();
  uint64_t from = file.offset;
  for (uint64_t i = file.first_block; i < file.first_block + file.blocks; ++i) {
    const uint32_t size = table.block_sizes[i];
    if (size == 0) continue;
    place_block(pack, from, size, table.block_checksums[i]);
    from += size & ~kStoredBlock;
  }
}

void DataLayout::place_block(uint32_t pack, uint64_t from, uint32_t size, uint32_t checksum) {
  const uint32_t bytes = size & ~kStoredBlock;
  copies_.push_back({from, position_, bytes, checksum, pack});
  position_ += bytes;
}

PlacedFile DataLayout::file(FileContent content) const {
  const FileContent source = places_.at(content.pack).files.at(content.file).source;
  const PackTable& table = packs_[source.pack]->table();
  const PackedFile& packed = table.files[source.file];
  PlacedFile placed;
  placed.size = packed.size;
  placed.offset = places_[source.pack].files[source.file].offset;
  placed.block_sizes = std::span(table.block_sizes).subspan(packed.first_block, packed.blocks);
  if (packed.fragment != kNoFragment) {
    placed.fragment = places_[source.pack].fragments[packed.fragment];
    placed.fragment_offset = packed.fragment_offset;
  }
  return placed;
}

}  // namespace cntr::squashfs
