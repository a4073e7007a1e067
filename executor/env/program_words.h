// What a program printed, for the notes of an Error.
#pragma once

#include <string>
#include <vector>

namespace cntr::env {

// Its last lines, without empty ones, as a terminal can show them.
std::vector<std::string> last_lines(const std::string& output);

}  // namespace cntr::env
