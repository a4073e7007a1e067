#include "image/inspect.h"

#include <variant>

#include "base/file_system.h"
#include "image/pulled_images.h"
#include "image/resolve.h"

namespace cntr::image {
namespace {

uint64_t file_size(const std::string& path) {
  const auto info = stat_file(path);
  return info && info->kind == FileKind::kRegular ? info->size : 0;
}

void add_layers(LayoutImage found, ImageView& view) {
  view.is_here = true;
  view.layers = std::move(found.layers);
  for (const Descriptor& layer : view.layers) view.bytes += layer.size;
}

}  // namespace

ImageView declared_view(const spec::Image& image) {
  struct Named {
    const char* kind;
    const std::optional<std::string>& source;
  };
  ImageView view;
  for (const Named& named : {Named{"rootfs", image.rootfs}, Named{"oci_layout", image.oci_layout},
                             Named{"reference", image.reference}, Named{"archive", image.archive},
                             Named{"sif", image.sif}, Named{"definition", image.definition}}) {
    if (!named.source) continue;
    view.kind = named.kind;
    view.source = *named.source;
  }
  if (image.build) {
    view.kind = "containerfile";
    view.source = image.build->containerfile;
  }
  return view;
}

ImageView view_of(const spec::Image& image, const std::optional<spec::ImageIdentity>& last,
                  store::Cache& cache) {
  ImageView view = declared_view(image);
  const bool only_registry_knows = image.pull == spec::PullPolicy::kAlways;
  view.identity = only_registry_knows ? last : identify_without_fetching(image, cache);
  if (!view.identity) return view;
  const Platform platform = platform_of(image);
  if (image.rootfs || image.sif) {
    view.is_here = true;
    view.bytes = file_size(view.source);
  } else if (image.oci_layout) {
    add_layers(OciLayout(*image.oci_layout).find(image.tag, platform), view);
  } else if (image.definition) {
    const auto file = PulledImages(cache).find_file(view.identity->identity);
    view.is_here = file.has_value();
    if (file) view.bytes = file_size(*file);
  } else if (auto found = PulledImages(cache).find(view.identity->identity, platform)) {
    add_layers(std::move(*found), view);
  }
  return view;
}

}  // namespace cntr::image
