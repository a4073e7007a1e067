// The tools of cntr-ninja (-t): which there are, and how one is run.
#pragma once

#include <string>
#include <vector>

#include "cli/ninja_options.h"

namespace cntr::cli {

bool is_tool(const std::string& name);
std::vector<std::string> tool_names();
void print_tool_list();

// Runs options.tool in the current directory; the process's exit code. Throws what loading the
// manifest throws.
int run_ninja_tool(const NinjaOptions& options);

}  // namespace cntr::cli
