// Podman: containers without a daemon. It runs the image's own directory (--rootfs) below an
// overlay, so nothing is imported into its storage. All that it keeps of a container is in a
// directory of the step's own, so that steps do not wait for each other and nothing stays behind.
#pragma once

#include <string>
#include <vector>

#include "runner/runner.h"

namespace cntr::runner {

// Where the programs are, and the variables that podman itself needs ("NAME=value").
struct PodmanClient {
  std::string supervisor;
  std::string podman;
  std::string init;
  std::vector<std::string> environment;
};

// Pure. Values of the step's variables are never on a command line.
Command plan_podman(const Sandbox& sandbox, const PodmanClient& client);

const Runner& podman_runner();

}  // namespace cntr::runner
