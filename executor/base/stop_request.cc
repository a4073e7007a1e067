#include "base/stop_request.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "base/error.h"

namespace cntr {
namespace {

thread_local const StopRequest* of_thread = nullptr;

}  // namespace

StopRequest::StopRequest() {
  for (UniqueFd& event : raised_) {
    event = UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!event.valid()) throw system_error("cannot watch for signals", errno);
  }
}

void StopRequest::raise() {
  const int before = level_.fetch_add(1);
  const uint64_t one = 1;
  const int event = raised_[before == 0 ? 0 : 1].get();
  // It fails only when the counter is full: then the descriptor is readable already.
  [[maybe_unused]] const ssize_t size = write(event, &one, sizeof one);
}

StopScope::StopScope(const StopRequest& request) : outer_(of_thread) { of_thread = &request; }

StopScope::~StopScope() { of_thread = outer_; }

const StopRequest* stop_request_of_thread() { return of_thread; }

void throw_if_stopped() {
  if (of_thread != nullptr && of_thread->level() > 0) throw Stopped();
}

}  // namespace cntr
