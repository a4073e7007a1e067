// The build tool that started this process.
#pragma once

#include <vector>

#include "base/file_system.h"

namespace cntr {

// A pidfd for each process whose end means that nobody waits for this one any more: the one that
// started it, shells with `-c` in between included, and, when that is a make which another make
// started, these too. Never process 1. Processes that cannot be looked at count as ended long ago:
// they are left out.
std::vector<UniqueFd> build_tool_processes();

}  // namespace cntr
