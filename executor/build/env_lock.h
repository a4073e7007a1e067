// The lock of a conda environment that a project declares by an environment.yml: whether it fits,
// and how it is made.
#pragma once

#include <string>

#include "base/warning.h"
#include "spec/spec.h"

namespace cntr::build {

enum class EnvLockChange { kKept, kAdded, kMoved };

// Makes the lock of an environment with a `request`, with the user's solver and, for wheels, the
// environment's own pip: when it is missing or was made from something else, with `update` always.
// A lock that comes out the same is not written. Of many who want to make one, one does, and the
// others wait. Nothing is left of a failure.
//
// Throws a user Error: for what is wrong in environment.yml or a requirements file, at its line;
// for a lock that Cntr did not make, without `update`; and with the solver's or pip's own words.
EnvLockChange make_env_lock(const spec::Env& env, bool update, const WarningSink& warn);

// As the build does it: the same without `update`, but with CNTR_LOCKED, declared or in the
// environment, a lock that does not fit is an error. Writes the depfile of the environment's edge.
// Does nothing for an environment that is declared by a lock.
void fit_env_lock(const spec::Env& env, const WarningSink& warn);

}  // namespace cntr::build
