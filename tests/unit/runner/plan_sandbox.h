// The sandbox of which the tests of planners vary something.
#pragma once

#include "runner/runner.h"

namespace cntr::runner {

inline Sandbox plain_sandbox() {
  Sandbox sandbox;
  sandbox.id = "step1";
  sandbox.argv = {"tool", "", "-x"};
  sandbox.environment = {"PATH=/bin", "A=1"};
  sandbox.directory = "/build/sub";
  sandbox.root = Root{Digest(), "/img"};
  sandbox.work_directory = "/w";
  sandbox.user = sandbox.caller = {1000, 100};
  return sandbox;
}

}  // namespace cntr::runner
