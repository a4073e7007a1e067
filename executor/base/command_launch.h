// From a Command to a Launch: what run_process() and FilterProcess have in common.
#pragma once

#include "base/child.h"
#include "base/file_system.h"
#include "base/pipe.h"
#include "base/process.h"

namespace cntr {

// With numbers that no dup2() in the child overwrites. Throw an environment Error when there is no
// descriptor left.
UniqueFd duplicate_above(int low);
UniqueFd moved_up(UniqueFd low);
Pipe make_high_pipe();

// Its program, arguments, environment and directory, which `command` must outlive. Throws an
// environment Error when argv[0] is not found.
Launch launch_of(const Command& command);

// Waits until the child has executed its program; `status` reads what it writes to Launch::status.
// Throws an environment Error when it could not.
void check_started(UniqueFd status, const Command& command, const Launch& launch);

}  // namespace cntr
