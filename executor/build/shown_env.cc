#include "build/shown_env.h"

#include <unistd.h>

#include "base/error.h"
#include "base/file_system.h"
#include "base/process.h"
#include "base/text.h"
#include "image/image_store.h"

namespace cntr::build {
namespace {

constexpr const char* kInstallTools =
    "Or install squashfs-tools (Debian: apt install squashfs-tools), to unpack it.";

bool can_unpack() { return find_program("unsquashfs", search_path()).has_value(); }

void unpack(const std::string& image, const std::string& directory) {
  const Captured run = capture_process(
      {"unsquashfs", "-quiet", "-no-progress", "-no-xattrs", "-force", "-dest", directory, image});
  if (run.status.code == 0) return;
  const std::vector<std::string> lines = split(run.err, '\n');
  throw environment_error("Cannot unpack " + image +
                          (lines.front().empty() ? "" : ": " + printable(lines.front())));
}

// The tree lies beside those of images, and is kept and cleared like them.
ShownEnv unpacked(const std::string& image, store::Cache& cache) {
  const Digest key = digest_of("cntr env tree\n" + base_name(image));
  return ShownEnv(image::ImageStore(cache).acquire(
      key, image::ImageForm::kUnpacked,
      [&](const std::string& directory) { unpack(image, directory); }));
}

ShownEnv mounted_at_prefix(const spec::Step& step, const spec::Env& env, const std::string& image) {
  const auto refuse = [&](const std::string& reason, std::vector<std::string> notes) {
    notes.insert(notes.begin(),
                 "The host runner changes no paths, so the environment must be mounted at its "
                 "prefix. Use RUNNER bubblewrap, or give cntr_add_env() a PREFIX that you may "
                 "write.");
    return user_error_at(step.location,
                         "Step " + step.name + ": the environment " + env.name +
                             " cannot be mounted at " + env.prefix + ": " + reason,
                         std::move(notes));
  };
  try {
    mount::Mounted mounted = mount::Mounts().mount_at({image}, env.prefix);
    if (auto* const use = std::get_if<mount::MountedImage>(&mounted)) {
      return ShownEnv(std::move(*use));
    }
    const auto& obstacle = std::get<mount::NotPossible>(mounted);
    throw environment_error(obstacle.reason, {obstacle.fix});
  } catch (const Error& error) {
    throw refuse(error.message(), error.notes());
  }
}

}  // namespace

const std::string& ShownEnv::path() const {
  return std::visit([](const auto& use) -> const std::string& { return use.path(); }, use_);
}

int ShownEnv::lock_descriptor() const {
  return std::visit([](const auto& use) { return use.lock_descriptor(); }, use_);
}

ShownEnv show_env(const spec::Env& env, const std::string& image, store::Cache& cache,
                  const WarningSink& warn) {
  mount::Mounted mounted = mount::Mounts().mount({image}, "env");
  if (auto* const use = std::get_if<mount::MountedImage>(&mounted))
    return ShownEnv(std::move(*use));
  const auto& obstacle = std::get<mount::NotPossible>(mounted);
  const std::string trouble =
      "the environment " + env.name + " cannot be mounted: " + obstacle.reason;
  if (!can_unpack()) throw environment_error(trouble, {obstacle.fix, kInstallTools});
  warn(trouble + "; it is unpacked instead");
  return unpacked(image, cache);
}

ShownEnv show_env_to(const spec::Step& step, runner::Kind kind, const spec::Env& env,
                     const std::string& image, store::Cache& cache, const WarningSink& warn) {
  if (kind == runner::Kind::kHost) return mounted_at_prefix(step, env, image);
  // Docker's engine is root, who cannot look into what another user mounted with FUSE.
  if (kind == runner::Kind::kDocker && geteuid() != 0) {
    if (can_unpack()) return unpacked(image, cache);
    throw environment_error("Step " + step.name + ": Docker cannot read the environment " +
                                env.name +
                                ", which an ordinary user mounts, and it cannot be unpacked",
                            {"Install squashfs-tools (Debian: apt install squashfs-tools), or use "
                             "another runner."});
  }
  return show_env(env, image, cache, warn);
}

}  // namespace cntr::build
