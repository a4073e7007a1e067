// A built conda environment as a directory on this machine: its squashfs file mounted, else
// unpacked.
#pragma once

#include <string>
#include <variant>

#include "base/warning.h"
#include "image/image.h"
#include "mount/mount.h"
#include "runner/runner.h"
#include "spec/spec.h"
#include "store/cache.h"

namespace cntr::build {

// It stays while the object lives.
class ShownEnv {
 public:
  explicit ShownEnv(mount::MountedImage mounted) : use_(std::move(mounted)) {}
  explicit ShownEnv(image::ImageUse unpacked) : use_(std::move(unpacked)) {}

  const std::string& path() const;
  // Of the lock that keeps it, which a duplicate of this keeps as well; see mount::MountedImage.
  int lock_descriptor() const;

 private:
  std::variant<mount::MountedImage, image::ImageUse> use_;
};

// A directory with the environment of the squashfs file `image`, wherever it is. Where nothing
// mounts it is unpacked into the cache, with a warning. Throws an environment Error, with what to
// do, where that is not possible either.
ShownEnv show_env(const spec::Env& env, const std::string& image, store::Cache& cache,
                  const WarningSink& warn);

// The same at the environment's prefix, for all who look there: mounted, or a link to where it is
// unpacked. Throws as well an environment Error when the prefix cannot be had, or is in use by
// another environment.
ShownEnv show_env_at_prefix(const spec::Env& env, const std::string& image, store::Cache& cache,
                            const WarningSink& warn);

// The same for a step: where its prefix is for the host runner, which changes no paths, and where
// Docker's engine can read it. Throws as well a user Error, at the step's location, where the host
// runner cannot have it at its prefix.
ShownEnv show_env_to(const spec::Step& step, runner::Kind kind, const spec::Env& env,
                     const std::string& image, store::Cache& cache, const WarningSink& warn);

}  // namespace cntr::build
