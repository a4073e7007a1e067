#include "squashfs/block_compressor.h"

#include <sqfs/compressor.h>
#include <sqfs/predef.h>

#include <algorithm>
#include <string>

#include "base/error.h"

namespace cntr::squashfs {
namespace {

sqfs_s32 do_block(sqfs_compressor_t* object, std::string_view in, std::span<char> out) {
  return object->do_block(object, reinterpret_cast<const sqfs_u8*>(in.data()),
                          static_cast<sqfs_u32>(in.size()), reinterpret_cast<sqfs_u8*>(out.data()),
                          static_cast<sqfs_u32>(out.size()));
}

}  // namespace

BlockCompressor::BlockCompressor(const Compression& compression, Direction direction) {
  sqfs_compressor_config_t config{};
  const sqfs_u16 flags = direction == Direction::kUncompress ? SQFS_COMP_FLAG_UNCOMPRESS : 0;
  int status = sqfs_compressor_config_init(
      &config, static_cast<SQFS_COMPRESSOR>(compression.compressor), compression.block_size, flags);
  if (status == 0) {
    config.level = static_cast<sqfs_u32>(compression.level);
    status = sqfs_compressor_create(&config, &object_);
  }
  if (status != 0) {
    throw environment_error("libsquashfs cannot compress with " + compression_text(compression));
  }
}

BlockCompressor::~BlockCompressor() { sqfs_destroy(object_); }

size_t BlockCompressor::compress(std::string_view in, std::span<char> out) {
  const sqfs_s32 size = do_block(object_, in, out);
  return size > 0 && static_cast<size_t>(size) < in.size() ? static_cast<size_t>(size) : 0;
}

size_t BlockCompressor::uncompress(std::string_view in, std::span<char> out) {
  return static_cast<size_t>(std::max<sqfs_s32>(do_block(object_, in, out), 0));
}

}  // namespace cntr::squashfs
