// Docker Engine, through its command line client.
#pragma once

#include <string>
#include <vector>

#include "runner/runner.h"

namespace cntr::runner {

// Where the programs are, and the variables that the client itself needs ("NAME=value").
struct DockerClient {
  std::string supervisor;
  std::string docker;
  std::vector<std::string> environment;
};

// Pure. Values of the step's variables are never on a command line.
Command plan_docker(const Sandbox& sandbox, const DockerClient& client);

const Runner& docker_runner();

}  // namespace cntr::runner
