// An environment that a directory describes, without a build: a lock, with or without the
// environment.yml that it was made from.
#pragma once

#include <optional>
#include <string>

#include "spec/spec.h"

namespace cntr::env {

// Names of locks that are looked for in a directory, for this machine's platform:
// environment.<platform>.lock, conda-<platform>.lock, environment.lock, explicit.txt,
// conda-lock.yml, pixi.lock. nullopt when there is none. Throws a user Error when there are
// several.
std::optional<std::string> find_lock(const std::string& directory);

// The lock of a directory, or of the environment.yml in it. Throws a user Error that says how to
// make one.
std::string lock_of_directory(const std::string& directory);

// Below it are the prefixes of environments that are used on the host: CNTR_ENV_BASE, else
// $XDG_DATA_HOME/cntr/envs, else ~/.local/share/cntr/envs. Throws a user Error when that is no
// absolute path.
std::string prefix_base();

// The environment of a lock, or of a directory with one, or of the environment.yml in that. Its
// name is the environment.yml's, else that of the directory or the lock. Its prefix is <base>/<12
// digits>, the digits over what decides which files are in it: the same for the same lock, another
// for another. Throws as identify() does.
spec::Env env_at(const std::string& path);

// The environment that an environment.yml asks for, or the one in a directory, with the
// requirements.txt beside it: what its lock is made from, and where. Throws a user Error when there
// is none.
spec::Env requested_env_at(const std::string& path);

// The environment.yml of a new environment, with Python from conda-forge.
std::string environment_skeleton(const std::string& name);

// What may stand in a shell's prompt: letters, digits, '.', '_', '-', '@'; others become '_'.
std::string plain_name(const std::string& name);

}  // namespace cntr::env
