// From a lock to an environment in one squashfs file, without a file of it ever lying on a disk.
//
// Packages are read, verified and made ready for the image in parallel, each once for a prefix and
// a compression (PackStore); then the tree is put together in conda's order and the image is
// written. The same lock, prefix and options give the same bytes on every machine.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/warning.h"
#include "env/lock.h"
#include "env/pack_store.h"
#include "env/package_source.h"
#include "spec/spec.h"
#include "squashfs/compression.h"
#include "squashfs/image_writer.h"

namespace cntr::env {

struct EnvOptions {
  std::string prefix = "/opt/cntr/env";
  squashfs::Compression compression;
  spec::LinkScripts link_scripts = spec::LinkScripts::kRun;
  bool compile_python = true;
  unsigned threads = 0;  // 0: as many as this process may use cores
};

struct EnvSummary {
  size_t packages = 0;
  size_t reused = 0;  // of them, those that the cache had ready
  squashfs::ImageSummary image;
};

// What is being done, in this order; stages in which nothing is to be done are left out.
enum class EnvStage { kFetching, kPacking, kBuildingWheels, kCompiling, kRunningScripts, kWriting };

// Called from several threads, one at a time: so many packages (or wheels, scripts; of kWriting,
// images) have the stage behind them.
using EnvProgress = std::function<void(EnvStage stage, size_t done, size_t all)>;

class EnvBuilder {
 public:
  // All must outlive the object. `scratch` is a directory for what is being written.
  EnvBuilder(const PackageSource& source, const PackStore& store, std::string scratch,
             WarningSink warn, EnvProgress progress = nullptr);

  // Writes the image to `path`, replacing what is there at once; nothing is left of a failure.
  // Throws a user Error for what is wrong with the lock, a package or the prefix, an environment
  // Error for a full disk and the like.
  EnvSummary build(const EnvLock& lock, const EnvOptions& options, const std::string& path);

 private:
  const PackageSource& source_;
  const PackStore& store_;
  std::string scratch_;
  WarningSink warn_;
  EnvProgress progress_;
};

}  // namespace cntr::env
