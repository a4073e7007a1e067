// libsquashfs' compressors. Not thread-safe: one a thread.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "squashfs/compression.h"

struct sqfs_compressor_t;

namespace cntr::squashfs {

class BlockCompressor {
 public:
  enum class Direction { kCompress, kUncompress };

  // Throws an environment Error when the library cannot do it.
  BlockCompressor(const Compression& compression, Direction direction);
  ~BlockCompressor();
  BlockCompressor(const BlockCompressor&) = delete;
  BlockCompressor& operator=(const BlockCompressor&) = delete;

  // The number of bytes put in `out`, which is as large as `in`; 0 when it would not get smaller.
  size_t compress(std::string_view in, std::span<char> out);
  // The number of bytes put in `out`; 0 when `in` is damaged or gives more than that.
  size_t uncompress(std::string_view in, std::span<char> out);

  // For functions of the library; the same compressor.
  sqfs_compressor_t* library_object();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cntr::squashfs
