#include "engine/job_threads.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <vector>

#include "base/error.h"

namespace cntr::engine {
namespace {

// Until the job has ended, the thread listens to `stop`.
Job::End run(const std::function<Job::End()>& job, const StopRequest& stop) {
  const StopScope scope(stop);
  try {
    throw_if_stopped();
    return job();
  } catch (const Stopped&) {
    return {kInterruptedCode, "", false};
  }
}

}  // namespace

JobThreads::JobThreads() : ended_event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE)) {
  if (!ended_event_.valid()) throw system_error("cannot wait for steps", errno);
}

JobThreads::~JobThreads() {
  stop_->raise();
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    waiting_.clear();
  }
  news_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool JobThreads::start(ninja::EdgeId edge, std::function<Job::End()> job) {
  bool enough = false;
  {
    const std::lock_guard lock(mutex_);
    if (running_.empty() && stop_->level() > 0) stop_ = std::make_unique<StopRequest>();
    waiting_.emplace_back(edge, std::move(job));
    enough = idle_ >= waiting_.size();
  }
  if (enough) {
    news_.notify_one();
  } else {
    try {
      threads_.emplace_back([this] { work(); });
    } catch (const std::system_error&) {
      const std::lock_guard lock(mutex_);
      // A thread that has become idle meanwhile may have taken it.
      const bool is_taken = waiting_.empty() || waiting_.back().first != edge;
      if (!is_taken) {
        waiting_.pop_back();
        return false;
      }
    }
  }
  running_.push_back(edge);
  return true;
}

void JobThreads::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    news_.wait(lock, [this] { return closing_ || !waiting_.empty(); });
    --idle_;
    if (closing_) return;
    const Started job = std::move(waiting_.front());
    waiting_.pop_front();
    const StopRequest& stop = *stop_;
    lock.unlock();
    Job::End end = run(job.second, stop);
    lock.lock();
    ended_.emplace_back(job.first, std::move(end));
    const uint64_t one = 1;
    // It fails only when the counter is full: then the descriptor is readable already.
    [[maybe_unused]] const ssize_t size = write(ended_event_.get(), &one, sizeof one);
  }
}

std::optional<std::pair<ninja::EdgeId, Job::End>> JobThreads::take_ended() {
  uint64_t one;
  if (read(ended_event_.get(), &one, sizeof one) < 0) return std::nullopt;
  const std::lock_guard lock(mutex_);
  std::pair<ninja::EdgeId, Job::End> first = std::move(ended_.front());
  ended_.pop_front();
  std::erase(running_, first.first);
  return first;
}

void JobThreads::stop() {
  if (!running_.empty()) stop_->raise();
}

}  // namespace cntr::engine
