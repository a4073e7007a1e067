// Puts a state into the bytes of a state file.
#pragma once

#include <cstdint>
#include <string>

#include "engine/state_file.h"

namespace cntr::engine {

// Unused links and digests are left out; the others get new numbers.
std::string state_bytes(const State& state, const Conclusion& conclusion, uint64_t id);

}  // namespace cntr::engine
