// `-t clean` and `-t cleandead`: removing what a build made.
#pragma once

#include <string>
#include <vector>

#include "engine/disk.h"
#include "engine/state.h"

namespace cntr::cli {

struct CleanOptions {
  bool dry_run = false;
  bool verbose = false;  // name each file
  bool quiet = false;    // print nothing at all
};

// Each returns the exit code, prints what it does to standard output and mistakes to standard
// error. `arguments`: "-g" also what generators made, "-r" the others are rules, else targets;
// without any everything is removed.
int clean(engine::State& state, engine::Disk& disk, const std::vector<std::string>& arguments,
          const CleanOptions& options);
// Outputs that ninja's log speaks of and that stand in the manifest no more.
int clean_dead(engine::State& state, engine::Disk& disk, const std::vector<std::string>& outputs,
               const CleanOptions& options);

}  // namespace cntr::cli
