#include "squashfs/block_compressor.h"

#include <sqfs/compressor.h>
#include <sqfs/predef.h>

#include <algorithm>
#include <string>

#include "base/error.h"

namespace cntr::squashfs {
namespace {

struct DestroyCompressor {
  void operator()(sqfs_compressor_t* object) const { sqfs_destroy(object); }
};

}  // namespace

// The library sees a pointer to the first member. Its own lz4 compressor gives blocks that are
// larger than what was in them, where 0 is asked for; unsquashfs does not take such blocks.
struct BlockCompressor::State {
  sqfs_compressor_t checked{};
  std::unique_ptr<sqfs_compressor_t, DestroyCompressor> object;
  bool compresses = true;

  static State& of(sqfs_compressor_t* checked) { return *reinterpret_cast<State*>(checked); }

  static sqfs_s32 do_block(sqfs_compressor_t* checked, const sqfs_u8* in, sqfs_u32 size,
                           sqfs_u8* out, sqfs_u32 out_size) {
    const State& state = of(checked);
    const sqfs_s32 count = state.object->do_block(state.object.get(), in, size, out, out_size);
    if (count <= 0 || !state.compresses) return count;
    return static_cast<sqfs_u32>(count) < size ? count : 0;
  }

  static int write_options(sqfs_compressor_t* checked, sqfs_file_t* file) {
    const State& state = of(checked);
    return state.object->write_options(state.object.get(), file);
  }

  size_t run(std::string_view in, std::span<char> out) {
    const sqfs_s32 count = do_block(
        &checked, reinterpret_cast<const sqfs_u8*>(in.data()), static_cast<sqfs_u32>(in.size()),
        reinterpret_cast<sqfs_u8*>(out.data()), static_cast<sqfs_u32>(out.size()));
    return static_cast<size_t>(std::max<sqfs_s32>(count, 0));
  }
};

BlockCompressor::BlockCompressor(const Compression& compression, Direction direction)
    : state_(std::make_unique<State>()) {
  state_->checked.do_block = State::do_block;
  state_->checked.write_options = State::write_options;
  state_->compresses = direction == Direction::kCompress;
  sqfs_compressor_config_t config{};
  const sqfs_u16 flags = state_->compresses ? 0 : SQFS_COMP_FLAG_UNCOMPRESS;
  int status = sqfs_compressor_config_init(
      &config, static_cast<SQFS_COMPRESSOR>(compression.compressor), compression.block_size, flags);
  if (status == 0) {
    config.level = static_cast<sqfs_u32>(compression.level);
    sqfs_compressor_t* object = nullptr;
    status = sqfs_compressor_create(&config, &object);
    state_->object.reset(object);
  }
  if (status != 0) {
    throw environment_error("libsquashfs cannot compress with " + compression_text(compression));
  }
}

BlockCompressor::~BlockCompressor() = default;

size_t BlockCompressor::compress(std::string_view in, std::span<char> out) {
  return state_->run(in, out);
}

size_t BlockCompressor::uncompress(std::string_view in, std::span<char> out) {
  return state_->run(in, out);
}

sqfs_compressor_t* BlockCompressor::library_object() { return &state_->checked; }

}  // namespace cntr::squashfs
