#include "image/image.h"

#include <cstdlib>
#include <optional>

#include "base/error.h"
#include "image/built_image.h"
#include "image/content.h"
#include "image/definition.h"
#include "image/image_archive.h"
#include "image/image_source.h"
#include "image/image_store.h"
#include "image/oci_layout.h"
#include "image/pack.h"
#include "image/resolve.h"
#include "image/sif.h"
#include "spec/declaration.h"

namespace cntr::image {
namespace {

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

Digest identify_directory(const std::string& rootfs, store::Cache& cache) {
  check_not_around(rootfs, cache);
  const auto tree = cache.file_digests().tree(rootfs, store::SpecialFiles::kSkip);
  if (!tree) throw source_changed(rootfs);
  return tree->digest();
}

Digest identify_archive(const std::string& archive, store::Cache& cache) {
  const auto content = cache.file_digests().file(archive);
  if (!content) throw source_changed(archive);
  const std::string fact = "rootfs " + content->digest.hex();
  const auto known = [&]() -> std::optional<Digest> {
    const auto text = cache.find_fact(fact);
    return text ? Digest::parse(*text) : std::nullopt;
  };
  if (const auto identity = known()) return *identity;
  ImageStore images(cache);
  const auto fill = [&](const std::string& file) {
    const PackedRootfs packed = pack_rootfs_archive(archive, file);
    if (packed.archive != content->digest) throw source_changed(archive);
    cache.add_fact(fact, packed.tree.hex());
    return packed.tree;
  };
  return images.make("archive-" + content->digest.hex(), known, fill);
}

Digest identify_rootfs(const std::string& rootfs, store::Cache& cache) {
  return rootfs_kind(rootfs) == FileKind::kDirectory ? identify_directory(rootfs, cache)
                                                     : identify_archive(rootfs, cache);
}

Digest identify_sif(const std::string& sif, store::Cache& cache) {
  const SifPartition partition = read_sif(sif);
  const std::string wanted = machine_platform().architecture;
  if (!partition.architecture.empty() && partition.architecture != wanted) {
    throw user_error(sif + " is for " + partition.architecture + ", this machine is " + wanted);
  }
  const auto content = cache.file_digests().file(sif);
  if (!content) throw source_changed(sif);
  return content->digest;
}

Content open_sif(const std::string& sif, const Digest& identity, store::Cache& cache) {
  if (identify_sif(sif, cache) != identity) throw source_changed(sif);
  return SifContent{sif, read_sif(sif), nullptr};
}

// Of the sources whose images are kept in the cache.
ResolvedImage identify_resolved(const spec::Image& image, store::Cache& cache) {
  if (image.build) return identify_built(image, cache);
  Resolver resolver(cache, platform_of(image), network_use(image));
  if (image.archive) return identify_image_archive(*image.archive, resolver, cache);
  return resolve_reference(image, parse_reference(*image.reference), resolver, cache);
}

LayoutImage bring_pulled(const spec::Image& image, const Digest& identity, Resolver& resolver,
                         store::Cache& cache) {
  if (auto known = resolver.pulled().find(identity, resolver.platform())) return std::move(*known);
  if (image.build) return bring_built(image, identity, cache);
  if (image.archive) return bring_image_archive(*image.archive, identity, resolver, cache);
  const ResolvedImage found =
      resolve_reference(image, parse_reference(*image.reference), resolver, cache);
  if (found.identity != identity) throw source_changed(*image.reference);
  return resolver.bring(found);
}

Content open_pulled(const spec::Image& image, const Digest& identity, store::Cache& cache) {
  Resolver resolver(cache, platform_of(image), network_use(image));
  LayoutImage source = bring_pulled(image, identity, resolver, cache);
  auto hold = std::make_shared<const PulledImages>(cache);
  OciLayout layout = hold->layout();
  return LayerContent{std::move(layout), std::move(source), std::move(hold)};
}

}  // namespace

spec::ImageIdentity identify(const spec::Image& image, store::Cache& cache) {
  return spec::at_declaration(image, [&]() -> spec::ImageIdentity {
    if (image.oci_layout) {
      const LayoutImage source = OciLayout(*image.oci_layout).find(image.tag, platform_of(image));
      return {source.identity, source.config.process};
    }
    if (image.sif) return {identify_sif(*image.sif, cache), {}};
    if (image.definition) return {identify_definition(image, cache), {}};
    if (image.rootfs) return {identify_rootfs(*image.rootfs, cache), {}};
    const ResolvedImage found = identify_resolved(image, cache);
    return {found.identity, found.config.process};
  });
}

namespace {

// Without a base that has yet to be looked up there is none.
std::optional<ResolvedImage> find_built_at_hand(const spec::Image& image, store::Cache& cache) {
  try {
    return find_built(image, cache);
  } catch (const NotAtHand&) {
    return std::nullopt;
  }
}

}  // namespace

std::optional<spec::ImageIdentity> identify_without_fetching(const spec::Image& image,
                                                             store::Cache& cache) {
  spec::Image quiet = image;
  quiet.pull = spec::PullPolicy::kNever;
  quiet.locked = true;
  try {
    if (image.build) {
      const auto found =
          spec::at_declaration(image, [&] { return find_built_at_hand(quiet, cache); });
      if (!found) return std::nullopt;
      return spec::ImageIdentity{found->identity, found->config.process};
    }
    if (image.definition) {
      const auto found = find_definition(image, cache);
      if (!found) return std::nullopt;
      return spec::ImageIdentity{*found, {}};
    }
    return identify(quiet, cache);
  } catch (const Error& error) {
    const bool is_elsewhere = !error.location().empty() && error.location() != image.location;
    if (error.kind() != ErrorKind::kUser || is_elsewhere || !image.reference) throw;
    return std::nullopt;
  }
}

Content open_content(const spec::Image& image, const Digest& identity, store::Cache& cache) {
  return spec::at_declaration(image, [&]() -> Content {
    if (image.rootfs) return RootfsContent{*image.rootfs};
    if (image.sif) return open_sif(*image.sif, identity, cache);
    if (image.oci_layout) {
      OciLayout layout(*image.oci_layout);
      LayoutImage source = layout.find(image.tag, platform_of(image));
      if (source.identity != identity) throw source_changed(*image.oci_layout);
      return LayerContent{std::move(layout), std::move(source), nullptr};
    }
    if (image.definition) {
      auto hold = std::make_shared<PulledImages>(cache);
      const std::string path = sif_of_definition(image, identity, *hold, cache);
      return SifContent{path, read_sif(path), hold};
    }
    return open_pulled(image, identity, cache);
  });
}

}  // namespace cntr::image
