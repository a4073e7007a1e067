// The tools that show what is run and what it reads: `-t commands`, `-t compdb`,
// `-t compdb-targets`, `-t inputs`, `-t multi-inputs`. What they print is what ninja 1.14 prints,
// byte by byte, but for the usage.
//
// Each returns the process's exit code and throws a user Error for an unknown target.
#pragma once

#include "cli/graph_tool.h"

namespace cntr::cli {

int show_commands(const GraphTool& tool);        // [-s] [TARGET...]
int show_compdb(const GraphTool& tool);          // [-x] [RULE...]
int show_compdb_targets(const GraphTool& tool);  // [-x] TARGET...
int show_inputs(const GraphTool& tool);          // [-0] [-E] [-d] [TARGET...]
int show_multi_inputs(const GraphTool& tool);    // [-0] [-d DELIMITER] [TARGET...]

}  // namespace cntr::cli
