#include "squashfs/data_pack_reader.h"

#include <algorithm>

#include "base/error.h"
#include "squashfs/block_compressor.h"

namespace cntr::squashfs {

struct DataPackReader::State {
  explicit State(const DataPack& data_pack)
      : pack(data_pack),
        table(data_pack.table()),
        compressor(table.compression, BlockCompressor::Direction::kUncompress) {}

  std::string block(uint64_t offset, uint32_t size, uint32_t checksum, size_t unpacked_size) {
    std::string bytes = pack.read_block(offset, size, checksum);
    if ((size & kStoredBlock) == 0) {
      std::string unpacked(unpacked_size, '\0');
      const size_t count = compressor.uncompress(bytes, unpacked);
      bytes = unpacked.substr(0, count);
    }
    if (bytes.size() != unpacked_size) {
      throw environment_error("The data pack " + pack.name() + " is damaged");
    }
    return bytes;
  }

  const std::string& fragment_block(uint32_t index) {
    if (index != last_fragment) {
      const PackedFragment& fragment = table.fragments.at(index);
      last_bytes = block(fragment.offset, fragment.size, fragment.checksum, fragment.unpacked_size);
      last_fragment = index;
    }
    return last_bytes;
  }

  const DataPack& pack;
  const PackTable& table;
  BlockCompressor compressor;
  uint32_t last_fragment = kNoFragment;
  std::string last_bytes;
};

DataPackReader::DataPackReader(const DataPack& pack) : state_(std::make_unique<State>(pack)) {}

DataPackReader::~DataPackReader() = default;

void DataPackReader::read(FileIndex index, const Sink& sink) {
  const PackTable& table = state_->table;
  const PackedFile& file = table.files.at(index);
  const uint64_t block_size = table.compression.block_size;
  uint64_t from = file.offset;
  for (uint64_t i = 0; i < file.blocks; ++i) {
    const uint32_t size = table.block_sizes[file.first_block + i];
    if (size == 0) continue;
    const uint32_t checksum = table.block_checksums[file.first_block + i];
    sink(state_->block(from, size, checksum, block_size), i * block_size);
    from += size & ~kStoredBlock;
  }
  if (file.fragment == kNoFragment) return;
  const uint64_t offset = file.blocks * block_size;
  const std::string_view bytes = state_->fragment_block(file.fragment);
  sink(bytes.substr(file.fragment_offset, file.size - offset), offset);
}

std::string DataPackReader::content(FileIndex file) {
  std::string out(state_->table.files.at(file).size, '\0');
  read(file, [&out](std::string_view bytes, uint64_t offset) {
    std::copy(bytes.begin(), bytes.end(), out.begin() + static_cast<std::ptrdiff_t>(offset));
  });
  return out;
}

}  // namespace cntr::squashfs
