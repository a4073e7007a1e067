// Carries what is known of files and edges over to the graph of a manifest that has changed.
#pragma once

#include "engine/state.h"

namespace cntr::engine {

// An edge of the new graph takes the record of the old edge that made its first output, be it a
// retired one; records that no edge takes are retired, up to a limit. Files keep their memos by
// path. What stands in no record and in no manifest any more is left behind.
State migrate(const State& old, ninja::Graph graph);

}  // namespace cntr::engine
