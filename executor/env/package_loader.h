// Makes the packages of a lock ready for an image, all at once. For env_builder.cc.
#pragma once

#include <vector>

#include "env/env_builder.h"
#include "squashfs/worker_pool.h"

namespace cntr::env {

struct LoadedPackage {
  LockedPackage lock;  // with the package's SHA-256 and size
  StoredPackage stored;
  bool was_ready = false;
  bool is_wheel = false;  // pip's, which conda knows nothing of
};

// In the order of the lock. Warnings come in this order, too.
std::vector<LoadedPackage> load_packages(const EnvLock& lock, const EnvOptions& options,
                                         const PackageSource& source, const PackStore& store,
                                         squashfs::WorkerPool& pool, const WarningSink& warn,
                                         const EnvProgress& progress);

}  // namespace cntr::env
