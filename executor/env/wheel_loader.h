// Makes the wheels of a lock ready for an image. For env_builder.cc.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "env/package_loader.h"

namespace cntr::env {

// Writes the image of an environment with the packages of conda alone.
using WriteCondaPart = std::function<void(const std::string& path)>;

// Adds the lock's wheels, by name, to the packages of conda, of which one is their Python; those of
// what is there as source only are built, once for these packages of conda. Throws a user Error
// when there is no Python, when conda brought the same project as a wheel is of, and as
// PackageSource, pack_wheel() and WheelBuilder do.
void load_wheels(const EnvLock& lock, const EnvOptions& options, const PackageSource& source,
                 const PackStore& store, const std::string& scratch, squashfs::WorkerPool& pool,
                 const WriteCondaPart& write_conda_part, const EnvProgress& progress,
                 std::vector<LoadedPackage>& packages);

}  // namespace cntr::env
