// Time, so that tests can hold it still.
#pragma once

#include <cstdint>

namespace cntr {

class Clock {
 public:
  virtual ~Clock() = default;
  // Nanoseconds since the epoch, of the clock that the kernel stamps files with (it is up to one
  // tick, 4 ms, behind the precise one).
  virtual int64_t file_time() const = 0;
};

// Thread-safe.
const Clock& system_clock();

}  // namespace cntr
