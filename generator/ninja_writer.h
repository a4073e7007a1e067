// Back end: a workflow as a Ninja graph of its own (the language of ninja 1.10 and newer).
//
// `cntr check` runs first, in every build. Then one edge an image and one a step: each starts
// `cntr`, which decides by content, and has restat, so that what did not change stops there.
#pragma once

#include <string>

#include "spec/workflow.h"

namespace cntr::generator {

// `cntr_program` is the absolute path of cntr. The workflow must have no problems
// (spec::problems_of). Throws a user Error for a path that Ninja cannot write (one with a newline).
std::string write_ninja(const spec::Workflow& workflow, const std::string& cntr_program);

}  // namespace cntr::generator
