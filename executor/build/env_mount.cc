#include "build/env_mount.h"

#include <variant>

#include "base/error.h"

namespace cntr::build {
namespace {

mount::Mounted mount_for(const spec::Step& step, const spec::Env& env, const std::string& image,
                         runner::Kind kind) {
  const mount::Mounts mounts;
  if (kind != runner::Kind::kHost) return mounts.mount({image}, "env");
  try {
    return mounts.mount_at({image}, env.prefix);
  } catch (const Error& error) {
    std::vector<std::string> notes = {
        "The host runner changes no paths, so the environment must be mounted at its prefix. Use "
        "RUNNER bubblewrap, or give cntr_add_env() a PREFIX that you may write."};
    notes.insert(notes.end(), error.notes().begin(), error.notes().end());
    throw user_error_at(step.location,
                        "Step " + step.name + ": the environment " + env.name +
                            " cannot be mounted at " + env.prefix + ": " + error.message(),
                        notes);
  }
}

}  // namespace

mount::MountedImage mount_env(const spec::Step& step, const spec::Env& env,
                              const std::string& image, runner::Kind kind) {
  mount::Mounted mounted = mount_for(step, env, image, kind);
  if (auto* const use = std::get_if<mount::MountedImage>(&mounted)) return std::move(*use);
  const auto& obstacle = std::get<mount::NotPossible>(mounted);
  throw environment_error("Step " + step.name + ": the environment " + env.name +
                              " cannot be mounted: " + obstacle.reason,
                          {obstacle.fix});
}

}  // namespace cntr::build
