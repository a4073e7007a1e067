#include "image/image.h"

#include <cstdlib>
#include <functional>
#include <optional>

#include "base/error.h"
#include "image/image_store.h"
#include "image/oci_layout.h"
#include "image/pack.h"
#include "image/rootfs.h"
#include "image/unpack.h"

namespace cntr::image {
namespace {

Error changed(const std::string& source) {
  return user_error(source + " has changed since its identity was taken",
                    {"Build again when nothing changes it any more."});
}

// The tree's digest, of files that are not worth remembering.
Digest digest_of_tree(const std::string& directory) {
  store::FileDigests digests(nullptr, store::disk_reader(), system_clock(), {});
  return digests.tree(directory, store::SpecialFiles::kSkip)->digest();
}

// A directory would be copied into itself.
void check_not_around(const std::string& rootfs, const store::Cache& cache) {
  char* const real_rootfs = realpath(rootfs.c_str(), nullptr);
  char* const real_cache = realpath(cache.root().c_str(), nullptr);
  const bool around = real_rootfs != nullptr && real_cache != nullptr &&
                      path_below(real_cache, real_rootfs).has_value();
  std::free(real_rootfs);
  std::free(real_cache);
  if (!around) return;
  throw user_error("the root file system " + rootfs + " holds the cache " + cache.root(),
                   {"Set CNTR_CACHE_DIR to a directory outside of it."});
}

FileKind rootfs_kind(const std::string& rootfs) {
  const auto info = stat_file(rootfs);
  if (!info) {
    throw user_error("there is no " + rootfs,
                     {"When a rule of the build makes it, ROOTFS must name that rule's output."});
  }
  if (info->kind != FileKind::kDirectory && info->kind != FileKind::kRegular) {
    throw user_error(rootfs + " is neither a directory nor a tar archive");
  }
  return info->kind;
}

Digest identify_directory(const std::string& rootfs, store::Cache& cache) {
  check_not_around(rootfs, cache);
  const auto tree = cache.file_digests().tree(rootfs, store::SpecialFiles::kSkip);
  if (!tree) throw changed(rootfs);
  return tree->digest();
}

Digest identify_archive(const std::string& archive, store::Cache& cache) {
  const auto content = cache.file_digests().file(archive);
  if (!content) throw changed(archive);
  const std::string fact = "rootfs " + content->digest.hex();
  const auto known = [&]() -> std::optional<Digest> {
    const auto text = cache.find_fact(fact);
    return text ? Digest::parse(*text) : std::nullopt;
  };
  if (const auto identity = known()) return *identity;
  ImageStore images(cache);
  const auto fill = [&](const std::string& file) {
    const PackedRootfs packed = pack_rootfs_archive(archive, file);
    if (packed.archive != content->digest) throw changed(archive);
    cache.add_fact(fact, packed.tree.hex());
    return packed.tree;
  };
  return images.make("archive-" + content->digest.hex(), known, fill);
}

LayoutImage find_in_layout(const spec::Image& image, const OciLayout& layout,
                           const Digest& identity) {
  LayoutImage source = layout.find(image.tag);
  if (source.identity != identity) throw changed(*image.oci_layout);
  return source;
}

void pack_source(const spec::Image& image, const Digest& identity, const std::string& file) {
  if (image.oci_layout) {
    const OciLayout layout(*image.oci_layout);
    return pack_layers(layout, find_in_layout(image, layout, identity), file);
  }
  const std::string& rootfs = *image.rootfs;
  const Digest tree = rootfs_kind(rootfs) == FileKind::kDirectory
                          ? pack_rootfs_directory(rootfs, file)
                          : pack_rootfs_archive(rootfs, file).tree;
  if (tree != identity) throw changed(rootfs);
}

void unpack_rootfs(const std::string& rootfs, const Digest& identity, const std::string& directory,
                   TreeModes modes) {
  Digest tree;
  if (rootfs_kind(rootfs) == FileKind::kDirectory) {
    copy_rootfs(rootfs, directory, modes);
    tree = digest_of_tree(directory);
  } else {
    tree = unpack_rootfs_archive(rootfs, directory, modes).tree;
  }
  if (tree != identity) throw changed(rootfs);
}

void unpack_source(const spec::Image& image, const Digest& identity, const std::string& directory,
                   TreeModes modes) {
  if (image.oci_layout) {
    const OciLayout layout(*image.oci_layout);
    unpack_layers(layout, find_in_layout(image, layout, identity), directory, modes);
  } else {
    unpack_rootfs(*image.rootfs, identity, directory, modes);
  }
  add_mount_points(directory, modes);
}

// Adds the image to what went wrong.
template <typename Action>
auto in_image(const spec::Image& image, const Action& action) {
  try {
    return action();
  } catch (const Error& error) {
    throw Error(error.kind(), "Image " + image.name + ": " + error.message(), image.location,
                error.notes());
  }
}

}  // namespace

spec::ImageIdentity identify(const spec::Image& image, store::Cache& cache) {
  return in_image(image, [&]() -> spec::ImageIdentity {
    if (image.oci_layout) {
      const LayoutImage source = OciLayout(*image.oci_layout).find(image.tag);
      return {source.identity, source.config.process};
    }
    if (rootfs_kind(*image.rootfs) == FileKind::kDirectory) {
      return {identify_directory(*image.rootfs, cache), {}};
    }
    return {identify_archive(*image.rootfs, cache), {}};
  });
}

ImageUse packed_image(const spec::Image& image, const spec::ImageIdentity& identity,
                      store::Cache& cache) {
  return in_image(image, [&] {
    return ImageStore(cache).acquire(
        identity.identity, ImageForm::kPacked,
        [&](const std::string& file) { pack_source(image, identity.identity, file); });
  });
}

ImageUse unpacked_tree(const spec::Image& image, const spec::ImageIdentity& identity,
                       store::Cache& cache) {
  return in_image(image, [&] {
    ImageStore images(cache);
    return images.acquire(identity.identity, ImageForm::kUnpacked,
                          [&](const std::string& directory) {
                            unpack_source(image, identity.identity, directory, images.modes());
                          });
  });
}

std::optional<ImageUse> find_packed_image(const Digest& identity, store::Cache& cache) {
  return ImageStore(cache).find(identity, ImageForm::kPacked);
}

std::optional<ImageUse> find_unpacked_tree(const Digest& identity, store::Cache& cache) {
  return ImageStore(cache).find(identity, ImageForm::kUnpacked);
}

}  // namespace cntr::image
