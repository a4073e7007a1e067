// Writes a squashfs image (version 4.0) that kernels and squashfuse mount and squashfs-tools read.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "squashfs/compression.h"
#include "squashfs/data_pack.h"
#include "squashfs/tree.h"

namespace cntr::squashfs {

struct ImageSummary {
  uint64_t bytes = 0;       // of the image
  uint64_t data_bytes = 0;  // of them, data blocks and fragment blocks
  uint32_t inodes = 0;
};

// Writes the image of `tree` to the new file `path`, replacing what is there at once: under another
// name in the same directory, synced, then renamed. Nothing is left of a failure.
//
// Contents come from `packs`, which must all be compressed as `compression` says: what the tree
// uses is copied, in the order of the packs, a file that an earlier pack has already is not copied
// again. Every block is checked on the way.
//
// The same tree, packs and compression give the same bytes: nothing of the machine, the time or the
// user is in an image.
//
// Throws an environment Error for a full disk or a damaged pack, a user Error for a tree that
// squashfs cannot hold: more than 65,535 owners and groups, an extended attribute it does not know.
//
// With kLast, disposable packs are of no use afterwards, also when it fails: while the image grows
// they shrink.
ImageSummary write_image(const Tree& tree, std::span<const DataPack* const> packs,
                         const Compression& compression, const std::string& path,
                         PackUse use = PackUse::kAgain);

// Whether an image can hold the extended attribute of that name.
bool can_hold_xattr(std::string_view name);

}  // namespace cntr::squashfs
