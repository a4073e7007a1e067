// An environment that a project declares: what identifies it, and its image in the cache.
#pragma once

#include <string>

#include "base/warning.h"
#include "env/env_builder.h"
#include "env/lock.h"
#include "spec/spec.h"
#include "store/cache.h"

namespace cntr::env {

// What the lock says for the environment's platform, packages in the order of their names: the
// order in which a lock lists them is no part of an environment. Throws a user Error, at the lock
// or at the declaration of the environment.
EnvLock locked_packages(const spec::Env& env);

EnvOptions options_of(const spec::Env& env);

// From the lock's content alone, no package is looked at: a digest over all that decides which
// files are in the environment (docs/signature.md). Throws as locked_packages() does, and for a
// package without a checksum.
spec::EnvIdentity identify(const spec::Env& env);

// Where the environment's squashfs file is in the cache once it is built.
std::string image_path(const spec::Env& env, const spec::EnvIdentity& identity,
                       const store::Cache& cache);

// The environment as a squashfs file in the cache, built when it is not there: once, also when many
// processes ask at the same time, and never half. Who mounts it keeps it open, so that it may be
// removed from the cache at any time. Throws as EnvBuilder does, and a user Error when the lock is
// not the one of that identity any more.
std::string built_image(const spec::Env& env, const spec::EnvIdentity& identity,
                        const store::Cache& cache, const WarningSink& warn,
                        const EnvProgress& progress = nullptr);

}  // namespace cntr::env
