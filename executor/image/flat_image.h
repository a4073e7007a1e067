// All files of an image: the tree in memory, the contents compressed on disk. This is what every
// source is read into, and what a squashfs file or an unpacked directory is written from.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/file_system.h"
#include "squashfs/compression.h"
#include "squashfs/data_pack.h"
#include "squashfs/data_pack_writer.h"
#include "squashfs/tree.h"
#include "squashfs/worker_pool.h"

namespace cntr::image {

struct FlatImage {
  squashfs::Tree tree;
  std::vector<squashfs::DataPack> packs;
};

// Where contents are kept meanwhile, and who compresses them.
struct Workshop {
  std::string scratch;  // an existing directory; nothing is left in it, not even by a crash
  squashfs::WorkerPool& pool;
  squashfs::Compression compression;

  // A pack without a name in the file system. `name` is for messages.
  squashfs::DataPackWriter new_pack(const std::string& name) const;
};

// The digest of the tree (store/tree.h): names, kinds, executable bits, link targets and contents.
// Devices and fifos do not count.
Digest content_digest(const FlatImage& image);

// What a sandbox mounts over must be a directory.
struct MountPoint {
  const char* name;
  uint16_t mode;
};
constexpr std::array<MountPoint, 5> kMountPoints = {
    {{"build", 0755}, {"dev", 0755}, {"proc", 0755}, {"src", 0755}, {"tmp", 01777}}};

// Makes those that are no directories. To be called after the identity was taken.
void add_mount_points(squashfs::Tree& tree);

}  // namespace cntr::image
