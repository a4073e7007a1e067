// Copies blocks of data packs into an image.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "squashfs/data_pack.h"

namespace cntr::squashfs {

struct BlockCopy {
  uint64_t from = 0;      // in the pack
  uint64_t to = 0;        // in the image
  uint32_t size = 0;      // bytes
  uint32_t checksum = 0;  // as in the pack's table
  uint32_t pack = 0;      // which of the packs
};

// Many blocks at a time where they lie together, and with the disk at work meanwhile. `fd` is the
// image's, `name` for messages. With kLast, what was copied of disposable packs is discarded at
// once, so that it is on the disk only once. Throws an environment Error for a full disk or a block
// that is damaged.
void copy_blocks(std::span<const BlockCopy> blocks, std::span<const DataPack* const> packs, int fd,
                 const std::string& name, PackUse use);

}  // namespace cntr::squashfs
