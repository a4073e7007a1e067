// A pipe, whose ends are closed in every program that is executed.
#pragma once

#include "base/file_system.h"

namespace cntr {

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

// Throws an environment Error when there is no descriptor left.
Pipe make_pipe();

}  // namespace cntr
