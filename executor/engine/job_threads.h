// Threads that carry out jobs: one for each job that runs, kept for the next one.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/file_system.h"
#include "base/stop_request.h"
#include "engine/command_runner.h"

namespace cntr::engine {

// As of a process that SIGINT ended.
inline constexpr int kInterruptedCode = 130;

// One thread uses it.
class JobThreads {
 public:
  // Throws an environment Error when there is no descriptor left.
  JobThreads();
  JobThreads(const JobThreads&) = delete;
  JobThreads& operator=(const JobThreads&) = delete;
  // Stops what runs, and waits for it.
  ~JobThreads();

  // False when the system has no room for a thread; then nothing was done.
  bool start(ninja::EdgeId edge, std::function<Job::End()> job);
  // Started and not taken.
  const std::vector<ninja::EdgeId>& running() const { return running_; }
  // Readable while a job has ended that take_ended() has not returned.
  int descriptor() const { return ended_event_.get(); }
  // nullopt when none has ended. A job that was stopped has the code
  // kInterruptedCode.
  std::optional<std::pair<ninja::EdgeId, Job::End>> take_ended();

  // Asks all that run to stop; asked again, to do so at once. Jobs that are started after these
  // have been taken know nothing of it.
  void stop();

 private:
  using Started = std::pair<ninja::EdgeId, std::function<Job::End()>>;

  void work();

  std::unique_ptr<StopRequest> stop_ = std::make_unique<StopRequest>();
  UniqueFd ended_event_;
  std::vector<ninja::EdgeId> running_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable news_;
  std::deque<Started> waiting_;
  size_t idle_ = 0;
  bool closing_ = false;
  std::deque<std::pair<ninja::EdgeId, Job::End>> ended_;

  std::vector<std::thread> threads_;
};

}  // namespace cntr::engine
