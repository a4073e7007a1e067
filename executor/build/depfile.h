// The depfile of a step with input directories: tells Ninja and Make every file in them.
#pragma once

#include <string>
#include <vector>

#include "build/resolved_step.h"
#include "spec/spec.h"

namespace cntr::build {

// "target: path path ..." in the escaping that ninja and make share (spaces, # and $). A path with
// a newline cannot be written there and is left out.
std::string depfile_text(const std::string& target, const std::vector<std::string>& paths);

// Does nothing for a step without a depfile.
void write_depfile(const spec::Step& step, const ResolvedStep& resolved);

}  // namespace cntr::build
