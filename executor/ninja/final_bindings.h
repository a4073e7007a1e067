// What of a graph's edges can be said only when everything is read, because rules see the last
// values of their files' variables.
#pragma once

#include "ninja/graph_data.h"

namespace cntr::ninja {

// Sets each edge's flags and command digest. Uses a thread a core for large graphs. Throws a user
// Error for an unknown deps type and for a rule variable that refers to itself.
void evaluate_final_bindings(GraphStorage& graph);

}  // namespace cntr::ninja
