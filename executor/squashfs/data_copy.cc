#include "squashfs/data_copy.h"

#include <fcntl.h>

#include <vector>

#include "base/parallel.h"
#include "squashfs/file_io.h"

namespace cntr::squashfs {
namespace {

constexpr size_t kBufferSize = size_t{1} << 20;  // as large as the largest block
constexpr uint64_t kPieceSize = uint64_t{16} << 20;
constexpr unsigned kThreads = 2;  // one reads while one writes: file systems let no more write

using Blocks = std::span<const BlockCopy>;

// Parts of about kPieceSize bytes: each begins at one of these places and ends at the next.
std::vector<size_t> divide(Blocks blocks) {
  std::vector<size_t> out;
  uint64_t end = 0;
  for (size_t i = 0; i < blocks.size(); ++i) {
    if (i > 0 && blocks[i].to < end) continue;
    out.push_back(i);
    end = blocks[i].to + kPieceSize;
  }
  out.push_back(blocks.size());
  return out;
}

// How many of the first blocks lie together in their pack and fit the buffer.
size_t count_together(Blocks blocks) {
  uint64_t bytes = blocks.front().size;
  size_t count = 1;
  for (; count < blocks.size(); ++count) {
    const BlockCopy& block = blocks[count];
    if (block.pack != blocks.front().pack || block.from != blocks.front().from + bytes) break;
    if (bytes + block.size > kBufferSize) break;
    bytes += block.size;
  }
  return count;
}

void copy_piece(Blocks blocks, std::span<const DataPack* const> packs, int fd,
                const std::string& name, PackUse use) {
  std::vector<char> buffer(kBufferSize);
  while (!blocks.empty()) {
    const Blocks together = blocks.first(count_together(blocks));
    const DataPack& pack = *packs[together.front().pack];
    const uint64_t from = together.front().from;
    const std::span<char> bytes(buffer.data(), together.back().from + together.back().size - from);
    pack.read(from, bytes);
    for (const BlockCopy& block : together) {
      pack.check({bytes.data() + (block.from - from), block.size}, block.checksum);
    }
    write_at(fd, together.front().to, {bytes.data(), bytes.size()}, name);
    if (use == PackUse::kLast && pack.is_disposable()) pack.discard(from, bytes.size());
    blocks = blocks.subspan(together.size());
  }
}

}  // namespace

void copy_blocks(std::span<const BlockCopy> blocks, std::span<const DataPack* const> packs, int fd,
                 const std::string& name, PackUse use) {
  const std::vector<size_t> begins = divide(blocks);
  run_in_parallel(begins.size() - 1, kThreads, [&](size_t i) {
    const Blocks piece = blocks.subspan(begins[i], begins[i + 1] - begins[i]);
    copy_piece(piece, packs, fd, name, use);
    // The disk works meanwhile; who waits for it waits less at the end.
    sync_file_range(fd, static_cast<off_t>(piece.front().to),
                    static_cast<off_t>(piece.back().to + piece.back().size - piece.front().to),
                    SYNC_FILE_RANGE_WRITE);
  });
}

}  // namespace cntr::squashfs
