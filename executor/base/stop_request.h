// The wish that work ends, for any number of threads that wait for other things as well.
//
// Who starts work on a thread gives the thread a request to listen to (StopScope). All that may
// take long there asks for it: run_process() ends what it runs, a wait for a lock ends, and loops
// over large files call throw_if_stopped(). A thread without a request is ended as its process is,
// by a signal.
#pragma once

#include <array>
#include <atomic>
#include <exception>

#include "base/file_system.h"

namespace cntr {

class StopRequest {
 public:
  // Throws an environment Error when there is no descriptor left.
  StopRequest();

  // Thread-safe, and safe in a signal handler.
  void raise();
  // How often it was raised. Once: end, and tidy up. Twice: end at once.
  int level() const { return level_; }
  // Readable, and for good, since it was raised `level` times: 1 or 2.
  int descriptor(int level) const { return raised_.at(static_cast<size_t>(level - 1)).get(); }

 private:
  std::atomic<int> level_ = 0;
  static_assert(std::atomic<int>::is_always_lock_free);
  std::array<UniqueFd, 2> raised_;
};

// While it lives, this thread listens to `request`, which must outlive it.
class StopScope {
 public:
  explicit StopScope(const StopRequest& request);
  StopScope(const StopScope&) = delete;
  StopScope& operator=(const StopScope&) = delete;
  ~StopScope();

 private:
  const StopRequest* outer_;
};

// What this thread listens to; null for nothing.
const StopRequest* stop_request_of_thread();

// Thrown where work ends because its thread is asked to stop. Not an Error: nothing is wrong, and
// nobody may take it for a broken cache or an unreadable file.
class Stopped : public std::exception {
 public:
  const char* what() const noexcept override { return "stopped"; }
};
void throw_if_stopped();

}  // namespace cntr
