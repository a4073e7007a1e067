// The tools over ninja's logs: `-t deps`, `-t missingdeps`, `-t recompact`, `-t restat`.
#pragma once

#include <string>
#include <vector>

#include "engine/disk.h"
#include "engine/state.h"

namespace cntr::cli {

// Each returns the exit code and prints to standard output.

// What compilers found for these outputs, or for every output of the manifest that has such.
int show_deps(engine::State& state, const engine::Disk& disk,
              const std::vector<std::string>& targets);
// Generated files that a compiler read, and that the manifest does not make wait for their
// generator. 3 when there are some.
int show_missing_deps(engine::State& state, const engine::Disk& disk,
                      const std::vector<std::string>& targets);

// Drops what is out of date in the logs. `folder`: "" for the current directory. Nothing there is
// no error.
int recompact_logs(const std::string& folder);
// Takes the outputs' times of now into the log. Arguments: [--builddir=DIR] [outputs].
int restat_log(const engine::Disk& disk, const std::vector<std::string>& arguments);

}  // namespace cntr::cli
