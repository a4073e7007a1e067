// Runs programs that build images.
#pragma once

#include <string>
#include <vector>

namespace cntr::image {

// Waits for its end. Throws a user Error about `source`, with the last lines of what it printed,
// when it fails.
void run_builder(const std::vector<std::string>& argv, const std::string& source);

}  // namespace cntr::image
