#include "base/clock.h"

#include <time.h>

namespace cntr {
namespace {

class SystemClock : public Clock {
 public:
  int64_t file_time() const override {
    timespec now{};
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
  }
};

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

}  // namespace cntr
