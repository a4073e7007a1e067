#include "build/image_root.h"

#include <unistd.h>

#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"

namespace cntr::build {
namespace {

// Why nothing can be mounted here; nullopt when something can.
std::optional<mount::NotPossible> why_not(const mount::Mounts& mounts) {
  std::vector<std::string> reasons;
  mount::NotPossible not_possible;
  for (const mount::Trial& trial : mounts.try_until_usable()) {
    if (trial.usable) return std::nullopt;
    reasons.push_back(std::string(mount::name_of(trial.way)) + ": " + trial.reason);
    if (not_possible.fix.empty()) not_possible.fix = trial.fix;
  }
  not_possible.reason = reasons.empty() ? "CNTR_MOUNT_WITH is none" : join(reasons, "; ");
  return not_possible;
}

ImageRoot unpacked_root(const spec::Image& image, const spec::ImageIdentity& identity,
                        store::Cache& cache, const mount::NotPossible& why,
                        const WarningSink& warn) {
  image::ImageUse tree = image::unpacked_tree(image, identity, cache);
  if (tree.made()) {
    warn("image " + image.name + " was unpacked, because squashfs files cannot be mounted here (" +
         why.reason + ")" + (why.fix.empty() ? "" : "; " + why.fix));
  }
  return ImageRoot(std::move(tree));
}

bool is_root(const std::string& user) {
  const std::string name = user.substr(0, user.find(':'));
  return name.empty() || name == "root" || name == "0";
}

bool can_use_mount(const spec::Step& step, runner::Kind runner, const spec::ImageConfig& config) {
  if (runner == runner::Kind::kDocker) return true;
  if (geteuid() == 0) return is_root(config.user);
  return runner == runner::Kind::kBubblewrap && !step.writable_root;
}

// Not what root has mounted: there the permissions in the image would keep other users out.
mount::Mounts own_mounts() {
  mount::Settings settings = mount::default_settings();
  settings.shared_place.clear();
  return mount::Mounts(std::move(settings));
}

}  // namespace

const std::string& ImageRoot::path() const {
  if (const auto* const tree = std::get_if<image::ImageUse>(&use_)) return tree->path();
  return std::get<Shown>(use_).mounted.path();
}

ImageRoot provide_root(const spec::Step& step, runner::Kind runner, const spec::Image& image,
                       const spec::ImageIdentity& identity, store::Cache& cache,
                       const WarningSink& warn) {
  if (auto tree = image::find_unpacked_tree(identity.identity, cache)) {
    return ImageRoot(std::move(*tree));
  }
  if (!can_use_mount(step, runner, identity.config)) {
    return ImageRoot(image::unpacked_tree(image, identity, cache));
  }
  const mount::Mounts mounts = own_mounts();
  auto packed = image::find_packed_image(image, identity, cache);
  if (!packed) {
    if (const auto why = why_not(mounts)) return unpacked_root(image, identity, cache, *why, warn);
    packed.emplace(image::packed_image(image, identity, cache));
  }
  constexpr size_t kShortHex = 12;
  const std::string name = "image-" + identity.identity.hex().substr(0, kShortHex);
  mount::Mounted mounted = mounts.mount({packed->file, packed->offset}, name);
  if (auto* const done = std::get_if<mount::MountedImage>(&mounted)) {
    return {std::move(*packed), std::move(*done)};
  }
  return unpacked_root(image, identity, cache, std::get<mount::NotPossible>(mounted), warn);
}

}  // namespace cntr::build
