// The pip of an environment, asked for what requirements mean. It installs nothing.
//
// pip learns what a source distribution needs by running it. So it is asked for wheels alone first,
// and for source, too, only in a sandbox.
#pragma once

#include <string>

#include "env/requirements.h"

namespace cntr::build {

struct PipSolver {
  std::string directory;  // where the environment is now
  std::string prefix;     // where it belongs
  std::string scratch;    // a private directory
};

struct PipAnswer {
  std::string report;  // its installation report; "" when it found no solution
  std::string said;    // what it printed
};

// Whether the requirements themselves ask for source: `--no-binary`, or an archive by its URL.
bool asks_for_source(const env::Requirements& requirements);

// With the user's environment and configuration. Throws an environment Error when it cannot start.
PipAnswer ask_for_wheels(const PipSolver& pip, const env::Requirements& requirements);

// Takes source distributions where there is no wheel, and what these need to be built from the
// environment. The sandbox has the network and pip's own configuration, and the places that the
// requirements name, to read. Throws an environment Error where it cannot be made.
PipAnswer ask_for_sources(const PipSolver& pip, const env::Requirements& requirements);

}  // namespace cntr::build
