// The tools that show the graph: `-t targets`, `-t rules`, `-t query`, `-t graph`. What they print
// is what ninja 1.14 prints, byte by byte, but for the names of nodes in `-t graph`.
//
// Each returns the process's exit code and throws a user Error for an unknown target.
#pragma once

#include "cli/graph_tool.h"

namespace cntr::cli {

int show_targets(const GraphTool& tool);  // [depth [N] | rule [NAME] | all]
int show_rules(const GraphTool& tool);    // [-d]
int show_query(const GraphTool& tool);    // TARGET...
int show_graph(const GraphTool& tool);    // [TARGET...]

}  // namespace cntr::cli
