// A step's conda environment, mounted for the runner that is to show it.
#pragma once

#include <string>

#include "mount/mount.h"
#include "runner/runner.h"
#include "spec/spec.h"

namespace cntr::build {

// Mounts the squashfs file `image` of the environment: where its prefix is for the host runner,
// which changes no paths, else at a place from which a sandbox binds it. It is read-only and stays
// while the object lives.
//
// Throws a user Error, at the step's location, where the host runner cannot have it at its prefix,
// an environment Error, with what to do, where nothing mounts it.
mount::MountedImage mount_env(const spec::Step& step, const spec::Env& env,
                              const std::string& image, runner::Kind kind);

}  // namespace cntr::build
