// The compiled Python files of an environment's packages, each package's in a data pack of its own
// that the cache keeps. For env_builder.cc.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "env/env_builder.h"
#include "env/package_loader.h"
#include "env/python.h"
#include "squashfs/worker_pool.h"

namespace cntr::env {

// A source file and its compiled form.
struct CompiledFile {
  size_t source = 0;                // in the package's list of files
  std::string path;                 // of the .pyc in the prefix
  squashfs::FileIndex content = 0;  // in the pack
};

struct CompiledPackage {
  std::shared_ptr<const squashfs::DataPack> pack;  // null when there is nothing to compile
  std::vector<CompiledFile> files;
};

// What conda compiles: the modules of packages that fit any Python. And modules of other packages
// that the prefix changed, because what these bring compiled is of the text before.
//
// In the order of `packages`. Packages that the cache has compiled need no Python to run.
std::vector<CompiledPackage> compile_packages(const std::vector<LoadedPackage>& packages,
                                              const EnvOptions& options, const Python& python,
                                              const PackStore& store, const std::string& scratch,
                                              squashfs::WorkerPool& pool,
                                              const EnvProgress& progress);

}  // namespace cntr::env
