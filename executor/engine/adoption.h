// The first build in a tree that ninja built: what ninja would call clean is taken for clean.
#pragma once

#include <vector>

#include "engine/decider.h"
#include "engine/disk.h"
#include "engine/file_table.h"
#include "engine/ninja_history.h"
#include "engine/recorder.h"
#include "engine/state.h"

namespace cntr::engine {

// Gives each edge that is up to date by ninja's logs (`history` has read them) a record of the
// files as they are. Returns these edges.
std::vector<ninja::EdgeId> adopt(State& state, Disk& disk, FileTable& files, Decider& decider,
                                 Recorder& recorder, NinjaHistory& history);

}  // namespace cntr::engine
