#include "base/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

#include "base/stop_request.h"

namespace cntr {

void run_in_parallel(size_t count, unsigned threads, const std::function<void(size_t)>& task) {
  std::atomic<size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  size_t failed = count;
  const StopRequest* const stop = stop_request_of_thread();
  const auto work = [&] {
    for (size_t i = next++; i < count; i = next++) {
      try {
        throw_if_stopped();
        task(i);
      } catch (...) {
        next = count;
        const std::lock_guard lock(mutex);
        if (i < failed) {
          failed = i;
          failure = std::current_exception();
        }
      }
    }
  };
  const auto help = [&] {
    std::optional<StopScope> scope;
    if (stop != nullptr) scope.emplace(*stop);
    work();
  };
  const size_t wanted = std::min<size_t>(std::max(threads, 1U), count);
  std::vector<std::thread> helpers;
  helpers.reserve(wanted);
  try {
    while (helpers.size() + 1 < wanted) helpers.emplace_back(help);
  } catch (const std::system_error&) {
    // Those that there are do it.
  }
  work();
  for (std::thread& helper : helpers) helper.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace cntr
