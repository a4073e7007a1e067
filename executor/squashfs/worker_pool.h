// Threads that compress blocks. One pool serves any number of writers at once.
#pragma once

#include <functional>
#include <memory>

namespace cntr::squashfs {

class WorkerPool {
 public:
  // 0: as many threads as this process may use cores.
  explicit WorkerPool(unsigned threads = 0);
  // Waits for the tasks that were submitted.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  unsigned threads() const;

  // Runs `task` on one of the threads, after those submitted before. It must not throw. It is meant
  // to be short: a task that waits for something holds a thread. Thread-safe.
  void submit(std::function<void()> task);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cntr::squashfs
