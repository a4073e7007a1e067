// Images as files of the cache, packed and unpacked.
#include <utility>
#include <variant>

#include "image/content.h"
#include "image/image.h"
#include "image/image_source.h"
#include "image/image_store.h"
#include "image/pack.h"
#include "image/rootfs.h"
#include "image/sif_tree.h"
#include "image/unpack.h"
#include "spec/declaration.h"

namespace cntr::image {
namespace {

// The tree's digest, of files that are not worth remembering.
Digest digest_of_tree(const std::string& directory) {
  store::FileDigests digests(nullptr, store::disk_reader(), system_clock(), {});
  return digests.tree(directory, store::SpecialFiles::kSkip)->digest();
}

Digest pack_rootfs(const std::string& rootfs, const std::string& file) {
  return rootfs_kind(rootfs) == FileKind::kDirectory ? pack_rootfs_directory(rootfs, file)
                                                     : pack_rootfs_archive(rootfs, file).tree;
}

Digest unpack_rootfs(const std::string& rootfs, const std::string& directory, TreeModes modes) {
  if (rootfs_kind(rootfs) == FileKind::kDirectory) {
    copy_rootfs(rootfs, directory, modes);
    return digest_of_tree(directory);
  }
  return unpack_rootfs_archive(rootfs, directory, modes).tree;
}

void check_tree(const Digest& tree, const Digest& identity, const RootfsContent& rootfs) {
  if (tree != identity) throw source_changed(rootfs.path);
}

// A SIF is a squashfs file already.
bool is_packed(const spec::Image& image) { return image.sif || image.definition; }

PackedImage sif_of(const spec::Image& image, const Digest& identity, store::Cache& cache) {
  const SifContent sif = std::get<SifContent>(open_content(image, identity, cache));
  return {sif.path, sif.partition.offset, std::nullopt, sif.hold};
}

PackedImage packed(ImageUse use) {
  const std::string file = use.path();
  return {file, 0, std::move(use), nullptr};
}

}  // namespace

PackedImage packed_image(const spec::Image& image, const spec::ImageIdentity& identity,
                         store::Cache& cache) {
  if (is_packed(image)) return sif_of(image, identity.identity, cache);
  const auto fill = [&](const std::string& file) {
    const Content content = open_content(image, identity.identity, cache);
    spec::at_declaration(image, [&] {
      if (const auto* layers = std::get_if<LayerContent>(&content)) {
        return pack_layers(layers->layout, layers->image, file);
      }
      const auto& rootfs = std::get<RootfsContent>(content);
      check_tree(pack_rootfs(rootfs.path, file), identity.identity, rootfs);
    });
  };
  return packed(ImageStore(cache).acquire(identity.identity, ImageForm::kPacked, fill));
}

std::optional<PackedImage> find_packed_image(const spec::Image& image,
                                             const spec::ImageIdentity& identity,
                                             store::Cache& cache) {
  if (is_packed(image)) return sif_of(image, identity.identity, cache);
  auto use = ImageStore(cache).find(identity.identity, ImageForm::kPacked);
  return use ? std::optional(packed(std::move(*use))) : std::nullopt;
}

ImageUse unpacked_tree(const spec::Image& image, const spec::ImageIdentity& identity,
                       store::Cache& cache) {
  ImageStore images(cache);
  const auto fill = [&](const std::string& directory) {
    const Content content = open_content(image, identity.identity, cache);
    spec::at_declaration(image, [&] {
      if (const auto* layers = std::get_if<LayerContent>(&content)) {
        unpack_layers(layers->layout, layers->image, directory, images.modes());
      } else if (const auto* sif = std::get_if<SifContent>(&content)) {
        unpack_sif(sif->path, sif->partition, directory, parent_path(directory), images.modes());
      } else {
        const auto& rootfs = std::get<RootfsContent>(content);
        check_tree(unpack_rootfs(rootfs.path, directory, images.modes()), identity.identity,
                   rootfs);
      }
      add_mount_points(directory, images.modes());
    });
  };
  return images.acquire(identity.identity, ImageForm::kUnpacked, fill);
}

std::optional<ImageUse> find_unpacked_tree(const Digest& identity, store::Cache& cache) {
  return ImageStore(cache).find(identity, ImageForm::kUnpacked);
}

}  // namespace cntr::image
