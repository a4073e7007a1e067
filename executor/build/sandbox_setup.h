// Makes the private work directory of a step and says what its sandbox looks like.
//
//   <work>/build      -> /build: parents of the declared outputs, mount points of the inputs
//   <work>/tmp        -> /tmp
//   <work>/external   -> the directories of outputs outside /build
//   <work>/empty      -> a mount in which nothing is declared
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "build/resolved_step.h"
#include "runner/runner.h"
#include "spec/spec.h"

namespace cntr::build {

// Where an output that the step makes at `container` lies on the host.
std::string path_in_work(const std::string& work, const std::string& container);

// Before anything is done at `path` in a work directory in which a step has run. A step may have
// put a link on the way there, which could lead to any file of the host: the first thing on the way
// that is no directory, as the step sees it; nullopt when there is none. Directories that the step
// closed to their owner are opened.
std::optional<std::string> obstacle_on_the_way(const std::string& work, const std::string& path);

// A conda environment on the host.
struct EnvPlace {
  std::string directory;
  std::string prefix;  // where the step is to see it
};

// What differs from execution to execution of the same resolved step.
struct Execution {
  runner::Kind runner = runner::Kind::kBubblewrap;
  std::string work;
  int lock_fd = -1;                  // the lock on the work directory; see runner::Sandbox
  bool keep_work = false;            // false: whatever is in the work directory is removed
  std::optional<runner::Root> root;  // nullopt: the host
  const spec::ImageConfig* image_config = nullptr;  // null for the host
  bool sif = false;                                 // the image is one
  std::optional<EnvPlace> env;
  std::vector<spec::Variable> secrets;
};

// Throws a user Error at the step's location for what the runner cannot do, an environment Error
// when the directory cannot be made.
runner::Sandbox set_up_sandbox(const spec::Step& step, const ResolvedStep& resolved,
                               const Execution& execution);

}  // namespace cntr::build
