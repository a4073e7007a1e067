// A data pack: the compressed content of some files, ready to be copied into any image that is
// compressed in the same way. docs/formats.md describes its file.
//
// It is a file of data blocks and fragment blocks, exactly as they stand in an image, and a table
// of what is where. A block holds `block_size` bytes of one file (fewer at its end); a fragment
// block holds the ends of several files, so that many small files make one block. Blocks of zeros
// take no space. Equal files are stored once.
//
// Files are known by a number, from 0. A pack is a pure function of the contents, in their order,
// and of the Compression: the same bytes on every machine, with any number of threads.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "base/file_system.h"
#include "squashfs/compression.h"

namespace cntr::squashfs {

using FileIndex = uint32_t;
constexpr uint32_t kNoFragment = 0xffffffff;

// For hash tables: a digest is random already.
struct DigestHash {
  size_t operator()(const Digest& digest) const {
    size_t hash = 0;
    std::memcpy(&hash, digest.data(), sizeof(hash));
    return hash;
  }
};

// One file's place in the pack.
struct PackedFile {
  uint64_t size = 0;
  uint64_t offset = 0;       // of its first data block in the pack
  uint64_t first_block = 0;  // in PackTable::block_sizes
  uint32_t blocks = 0;
  uint32_t fragment = kNoFragment;  // which fragment block holds the rest of it
  uint32_t fragment_offset = 0;     // where in it, uncompressed
  Digest digest{};                  // SHA-256 of the content

  bool operator==(const PackedFile&) const = default;
};

struct PackedFragment {
  uint64_t offset = 0;         // in the pack
  uint32_t size = 0;           // as block_sizes
  uint32_t checksum = 0;       // as block_checksums
  uint32_t unpacked_size = 0;  // at most block_size

  bool operator==(const PackedFragment&) const = default;
};

struct PackTable {
  Compression compression;
  uint64_t data_size = 0;
  std::vector<PackedFile> files;
  // Of all files, one after another. A size as an image has it: bytes in the pack, with
  // kStoredBlock when they are not compressed; 0 for a block of zeros, which is not in the pack.
  std::vector<uint32_t> block_sizes;
  std::vector<uint32_t> block_checksums;  // of the bytes in the pack (XXH3, low half)
  std::vector<PackedFragment> fragments;

  bool operator==(const PackTable&) const = default;
};

constexpr uint32_t kStoredBlock = 1U << 24;

// Whether packs are read for the last time.
enum class PackUse { kAgain, kLast };

// Immutable, and so safe to use in many threads. Made by DataPackWriter or load().
class DataPack {
 public:
  DataPack(UniqueFd file, std::string name, PackTable table);

  size_t file_count() const { return table_.files.size(); }
  uint64_t file_size(FileIndex file) const { return table_.files.at(file).size; }
  const Digest& file_digest(FileIndex file) const { return table_.files.at(file).digest; }

  const PackTable& table() const { return table_; }
  const std::string& name() const { return name_; }  // for messages

  // Puts the table behind the data and syncs the file, which load() then can open. Throws an
  // environment Error for a full disk.
  void save() const;
  // Opens what save() left. Hostile: throws an environment Error, which names the pack, for
  // anything that is not a whole, well-formed pack of this version. Data is checked when it is
  // read.
  static DataPack load(UniqueFd file, std::string name);

  // The bytes of a block as they stand in the pack, checked. `size` as in block_sizes, not 0.
  std::string read_block(uint64_t offset, uint32_t size, uint32_t checksum) const;

  // The same in two steps, for blocks that lie together: fills `out` with what stands from `offset`
  // on, and checks one block of it. Throw an environment Error when the pack is damaged.
  void read(uint64_t offset, std::span<char> out) const;
  void check(std::string_view block, uint32_t checksum) const;

  // For a pack that nobody else has open: what is read of it for the last time may go (discard()).
  void make_disposable() { is_disposable_ = true; }
  bool is_disposable() const { return is_disposable_; }
  // Gives the space of these bytes back to the disk, where the file system can. Only of a
  // disposable pack.
  void discard(uint64_t offset, uint64_t size) const;

 private:
  Error damaged() const;

  UniqueFd file_;
  std::string name_;
  PackTable table_;
  bool is_disposable_ = false;
};

}  // namespace cntr::squashfs
