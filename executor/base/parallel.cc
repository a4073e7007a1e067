#include "base/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <optional>
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
    std::optional<StopScope> scope;
    if (stop != nullptr) scope.emplace(*stop);
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
  std::vector<std::thread> workers(std::min<size_t>(std::max(threads, 1U), count));
  for (std::thread& worker : workers) worker = std::thread(work);
  for (std::thread& worker : workers) worker.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace cntr
