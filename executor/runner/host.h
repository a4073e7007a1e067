// The host itself, without isolation.
#pragma once

#include <string>

#include "runner/runner.h"

namespace cntr::runner {

// Pure.
Command plan_host(const Sandbox& sandbox, const std::string& supervisor);

const Runner& host_runner();

}  // namespace cntr::runner
