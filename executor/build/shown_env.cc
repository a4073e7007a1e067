#include "build/shown_env.h"

#include <unistd.h>

#include <cerrno>

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

namespace {

ShownEnv unpacked_because(const mount::NotPossible& obstacle, const spec::Env& env,
                          const std::string& image, store::Cache& cache, const WarningSink& warn) {
  const std::string trouble =
      "the environment " + env.name + " cannot be mounted: " + obstacle.reason;
  if (!can_unpack()) throw environment_error(trouble, {obstacle.fix, kInstallTools});
  warn(trouble + "; it is unpacked instead");
  return unpacked(image, cache);
}

bool is_link(const std::string& path) {
  const auto stat = stat_link(path);
  return stat && stat->kind == FileKind::kSymlink;
}

// Others may use what is there, so it is replaced at once, and only when it leads elsewhere.
void lead_to(const std::string& directory, const std::string& prefix) {
  if (is_link(prefix) && read_link(prefix) == directory) return;
  make_directories(parent_path(prefix));
  rmdir(prefix.c_str());  // an empty directory of a mount that was
  const TemporaryDirectory aside(parent_path(prefix), ".cntr-");
  const std::string link = aside.path() + "/link";
  if (symlink(directory.c_str(), link.c_str()) != 0) {
    throw system_error("Cannot make the link " + prefix, errno);
  }
  rename_path(link, prefix);
}

}  // namespace

ShownEnv show_env(const spec::Env& env, const std::string& image, store::Cache& cache,
                  const WarningSink& warn) {
  mount::Mounted mounted = mount::Mounts().mount({image}, "env");
  if (auto* const use = std::get_if<mount::MountedImage>(&mounted))
    return ShownEnv(std::move(*use));
  return unpacked_because(std::get<mount::NotPossible>(mounted), env, image, cache, warn);
}

ShownEnv show_env_at_prefix(const spec::Env& env, const std::string& image, store::Cache& cache,
                            const WarningSink& warn) {
  if (is_link(env.prefix)) {  // unpacked before, and perhaps in use; said then
    if (stat_link(env.prefix)->uid != geteuid()) {
      throw environment_error("Cannot have " + env.prefix + ": it is another user's");
    }
    ShownEnv shown = unpacked(image, cache);
    lead_to(shown.path(), env.prefix);
    return shown;
  }
  mount::Mounted mounted = mount::Mounts().mount_at({image}, env.prefix);
  if (auto* const use = std::get_if<mount::MountedImage>(&mounted)) {
    return ShownEnv(std::move(*use));
  }
  ShownEnv shown = unpacked_because(std::get<mount::NotPossible>(mounted), env, image, cache, warn);
  lead_to(shown.path(), env.prefix);
  return shown;
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
