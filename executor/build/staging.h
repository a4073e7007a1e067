// For the host runner, which has no mounts: copies the inputs into the work directory and turns the
// sandbox's paths inside into host paths below it.
#pragma once

#include "runner/runner.h"
#include "spec/spec.h"

namespace cntr::build {

// /src, /build, /mnt and /tmp become <work>/src, <work>/build, <work>/mnt and <work>/tmp in
// arguments, variables and the working directory; binds are copied there, read-only, and removed
// from the sandbox. Paths below `env_prefix` stay ("" for none). Throws a user Error at the step's
// location for mounts elsewhere.
void stage_on_host(const spec::Step& step, const std::string& env_prefix, runner::Sandbox& sandbox);

}  // namespace cntr::build
