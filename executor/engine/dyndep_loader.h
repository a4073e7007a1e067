// Takes what dyndep files say into the graph.
#pragma once

#include "engine/disk.h"
#include "engine/state.h"

namespace cntr::engine {

struct LoadedDyndep {
  std::vector<ninja::EdgeId> edges;  // that it speaks of
  bool added_outputs = false;        // to one of them
};

// Replaces what was loaded before of the same edges. Throws a user Error as parse_dyndep(), and
// "loading 'x': No such file or directory".
LoadedDyndep load_dyndep(State& state, const Disk& disk, ninja::NodeId file);

// Every dyndep file of the graph that can be read. For where the build does not say which are up to
// date: adoption, and cleaning.
void load_readable_dyndeps(State& state, const Disk& disk);

}  // namespace cntr::engine
