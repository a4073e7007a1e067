// The targets that a command line names.
#pragma once

#include <string>
#include <vector>

#include "engine/state.h"

namespace cntr::cli {

// The node of a target's path, also of one below the manifest's builddir. "x^" is the first output
// of the first edge that reads x. Throws a user Error: "unknown target 'x', did you mean 'y'?".
ninja::NodeId find_target(const engine::State& state, const std::string& name);

// The nodes of the targets; of the default targets when none is named.
std::vector<ninja::NodeId> find_targets(const engine::State& state,
                                        const std::vector<std::string>& names);

}  // namespace cntr::cli
