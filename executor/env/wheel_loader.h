// Makes the wheels of a lock ready for an image. For env_builder.cc.
#pragma once

#include <vector>

#include "env/package_loader.h"

namespace cntr::env {

// Adds the lock's wheels, by name, to the packages of conda, of which one is their Python. Throws a
// user Error when there is none, when conda brought the same project as a wheel is of, and as
// PackageSource and pack_wheel() do.
void load_wheels(const EnvLock& lock, const EnvOptions& options, const PackageSource& source,
                 const PackStore& store, squashfs::WorkerPool& pool,
                 std::vector<LoadedPackage>& packages);

}  // namespace cntr::env
