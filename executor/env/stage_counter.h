// Counts what a stage of a build has done, from several threads, and tells of it.
#pragma once

#include <cstddef>
#include <mutex>

#include "env/env_builder.h"

namespace cntr::env {

class StageCounter {
 public:
  // Tells of the begin, unless there is nothing to do. `progress` may be empty, and must outlive
  // the object.
  StageCounter(const EnvProgress& progress, EnvStage stage, size_t all)
      : progress_(progress), stage_(stage), all_(all) {
    if (progress_ && all_ > 0) progress_(stage_, 0, all_);
  }

  void add_one() {
    const std::lock_guard lock(mutex_);
    ++done_;
    if (progress_) progress_(stage_, done_, all_);
  }

 private:
  const EnvProgress& progress_;
  EnvStage stage_;
  size_t all_;
  size_t done_ = 0;
  std::mutex mutex_;
};

}  // namespace cntr::env
