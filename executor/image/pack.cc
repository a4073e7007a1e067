#include "image/pack.h"

#include <utility>
#include <vector>

#include "base/file_system.h"
#include "image/archive_reader.h"
#include "image/rootfs.h"
#include "squashfs/image_writer.h"

namespace cntr::image {
namespace {

Workshop workshop_for(const std::string& path, squashfs::WorkerPool& pool) {
  return {parent_path(path), pool, {}};
}

void pack_with_mount_points(FlatImage image, const std::string& path) {
  add_mount_points(image.tree);
  pack(image, {}, path);
}

}  // namespace

void pack(const FlatImage& image, const squashfs::Compression& compression,
          const std::string& path) {
  std::vector<const squashfs::DataPack*> packs;
  for (const squashfs::DataPack& contents : image.packs) packs.push_back(&contents);
  squashfs::write_image(image.tree, packs, compression, path);
}

void pack_layers(const OciLayout& layout, const LayoutImage& image, const std::string& path) {
  squashfs::WorkerPool pool;
  pack_with_mount_points(read_layers(layout, image, workshop_for(path, pool)), path);
}

PackedRootfs pack_rootfs_archive(const std::string& archive, const std::string& path) {
  squashfs::WorkerPool pool;
  ArchiveImage read = read_rootfs_archive(archive, workshop_for(path, pool));
  const PackedRootfs packed = {read.archive, content_digest(read.image)};
  pack_with_mount_points(std::move(read.image), path);
  return packed;
}

Digest pack_rootfs_directory(const std::string& directory, const std::string& path) {
  squashfs::WorkerPool pool;
  FlatImage image = read_rootfs(directory, workshop_for(path, pool));
  const Digest tree = content_digest(image);
  pack_with_mount_points(std::move(image), path);
  return tree;
}

}  // namespace cntr::image
