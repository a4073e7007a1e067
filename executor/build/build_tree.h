// Where a step's files lie below the build tree (docs/formats.md).
#pragma once

#include <string>

#include "spec/spec.h"

namespace cntr::build {

struct StepFiles {
  std::string root;             // <build>/cntr, or <build>/cntr/<configuration>
  std::string work;             // private work directory
  std::string lock;             // taken by whoever runs the step
  std::string log;              // what the last execution printed
  std::string state_signature;  // signature text of the last result here
  std::string state_outputs;    // and its outputs
  std::string watch;            // what the file system showed of inputs and outputs (watch_list.h)
  std::string journal;
};

StepFiles files_of(const spec::Step& step);

}  // namespace cntr::build
