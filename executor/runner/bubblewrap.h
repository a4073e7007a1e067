// bubblewrap (bwrap): a sandbox made of mounts and namespaces, without a daemon and without root.
#pragma once

#include <string>

#include "runner/file_tree.h"
#include "runner/gpus.h"
#include "runner/runner.h"

namespace cntr::runner {

// Where the programs are, and whether the supervisor can mount inputs (input_mounts.h).
struct BubblewrapPrograms {
  std::string supervisor;
  std::string bwrap;
  bool supervisor_can_mount = false;
  GpuFiles gpus = {};  // of this machine; used when the step asks for some
};

// Pure. bwrap's options are given in a memory file (--args): they may be more, and hold other
// bytes, than a command line, and other users cannot see them.
Command plan_bubblewrap(const Sandbox& sandbox, const FileTree& tree,
                        const BubblewrapPrograms& programs);

// Why a user who is not root cannot make user namespaces here, as far as the kernel's settings say;
// usable when they say nothing. Costs microseconds.
Availability user_namespaces();

const Runner& bubblewrap_runner();

}  // namespace cntr::runner
