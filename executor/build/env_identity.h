// The identity of a step's conda environment: read from the file that the environment's edge wrote.
#pragma once

#include <string>

#include "base/warning.h"
#include "spec/spec.h"

namespace cntr::build {

// Looks at the environment's lock and writes its identity file, when it changed. For `cntr env
// prepare`. Builds nothing, but makes the lock where that is Cntr's to do. Throws as
// env::identify() and fit_env_lock() do.
spec::EnvIdentity prepare_env(const std::string& env_spec_path, const WarningSink& warn);

// What the lock says now, whatever the identity file says. Writes nothing into the build tree.
// Throws as env::identify() does.
spec::EnvIdentity identity_of_lock(const std::string& env_spec_path);

// The same, from the identity file when that is newer than the spec and the lock.
spec::EnvIdentity identity_of_unchanged_lock(const std::string& env_spec_path);

// What the identity file says; prepares the environment when there is none.
spec::EnvIdentity current_env_identity(const std::string& env_spec_path, const WarningSink& warn);

}  // namespace cntr::build
