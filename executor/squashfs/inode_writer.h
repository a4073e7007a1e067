// Writes the inodes and directory listings of a tree, and the tables that they refer to.
#pragma once

#include <memory>

#include "squashfs/block_compressor.h"
#include "squashfs/data_layout.h"
#include "squashfs/image_file.h"
#include "squashfs/tree.h"

struct sqfs_super_t;

namespace cntr::squashfs {

// Appends everything that stands behind the data, and completes the superblock, which the caller
// writes. Throws as write_image().
void write_metadata(const Tree& tree, const DataLayout& data, BlockCompressor& compressor,
                    ImageFile& file, sqfs_super_t& super);

}  // namespace cntr::squashfs
