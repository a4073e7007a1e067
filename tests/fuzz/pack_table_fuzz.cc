// The input says how a good table of a data pack is damaged: each six bytes are a place and the
// four bytes to put there; the checksum is made right again, so that what lies behind it is
// reached. A table must be refused, or every place in it must be one in the data.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>

#include "base/error.h"
#include "base/fast_hash.h"
#include "squashfs/pack_table.h"

namespace cntr::squashfs {
namespace {

constexpr uint64_t kDataSize = 100'000;

std::string good_table() {
  constexpr uint32_t kBlock = 4096;
  PackTable table;
  table.compression.block_size = kBlock;
  table.data_size = kDataSize;
  table.files.resize(4);
  table.files[0] = {.size = 3 * kBlock + 5, .offset = 70, .blocks = 3, .fragment = 1};
  table.files[1] = {.size = 9, .fragment = 0, .fragment_offset = 11};
  table.files[2] = {.size = 2 * kBlock, .offset = 90'000, .blocks = 2};
  table.block_sizes = {100, 0, kBlock | kStoredBlock, 40, 50};
  table.block_checksums = {1, 0, 2, 3, 4};
  table.fragments = {{.offset = 0, .size = 20 | kStoredBlock, .checksum = 5, .unpacked_size = 20},
                     {.offset = 500, .size = 70, .checksum = 6, .unpacked_size = 4000}};
  return pack_table_bytes(table);
}

void damage(std::string& bytes, std::span<const uint8_t> input) {
  constexpr size_t kStep = 6;
  for (; input.size() >= kStep; input = input.subspan(kStep)) {
    uint16_t place = 0;
    std::memcpy(&place, input.data(), sizeof(place));
    const size_t last = bytes.size() - sizeof(uint32_t);
    std::memcpy(&bytes[place % (last + 1)], input.data() + sizeof(place), sizeof(uint32_t));
  }
  const size_t body = bytes.size() - sizeof(Checksum);
  const Checksum checksum = fast_checksum(std::string_view(bytes).substr(0, body));
  std::memcpy(&bytes[body], checksum.data(), sizeof(checksum));
}

void check(bool good) {
  if (!good) std::abort();
}

void walk(const PackTable& table) {
  const uint64_t block_size = table.compression.block_size;
  const auto is_in_data = [](uint64_t offset, uint64_t size) {
    return offset <= kDataSize && size <= kDataSize - offset;
  };
  for (const PackedFragment& fragment : table.fragments) {
    check(is_in_data(fragment.offset, fragment.size & ~kStoredBlock));
    check(fragment.unpacked_size <= block_size);
  }
  for (const PackedFile& file : table.files) {
    uint64_t from = file.offset;
    for (uint64_t i = 0; i < file.blocks; ++i) {
      const uint32_t size = table.block_sizes.at(file.first_block + i) & ~kStoredBlock;
      if (size == 0) continue;
      check(size <= block_size && is_in_data(from, size));
      from += size;
    }
    const uint64_t rest = file.size - file.blocks * block_size;
    check(rest < block_size);
    if (rest > 0) {
      check(file.fragment_offset + rest <= table.fragments.at(file.fragment).unpacked_size);
    }
  }
}

}  // namespace
}  // namespace cntr::squashfs

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cntr::squashfs;
  static const std::string good = good_table();
  std::string bytes = good;
  damage(bytes, std::span(data, size));
  try {
    walk(parse_pack_table(bytes, kDataSize, "pack"));
  } catch (const cntr::Error&) {
    return 0;
  }
  return 0;
}
