// How far a build is, and how much longer it will take.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "engine/build_status.h"

namespace cntr::cli {

class BuildProgress {
 public:
  // `window`: over how many of the last commands current_rate() goes.
  explicit BuildProgress(size_t window) : window_(std::max<size_t>(window, 1)) {}

  // Forgets everything but the total.
  void restart();
  void set_total(const engine::WorkTotal& total) { total_ = total; }
  void edge_started(int64_t start_ms);
  void edge_finished(const engine::EdgeEnd& end);
  // After edge_finished(): for its own line a finished command still counts as running.
  void edge_left() { --running_; }

  size_t total() const { return total_.commands; }
  size_t started() const { return started_; }
  size_t finished() const { return finished_; }
  size_t running() const { return running_; }
  size_t waiting() const { return total() - started_; }
  int percent() const;  // of the commands

  double elapsed_seconds() const { return static_cast<double>(time_ms_) / 1000; }
  // Commands a second; nullopt while nothing can be said.
  std::optional<double> rate() const;
  std::optional<double> current_rate() const;

  // The part of the work that is done, from 0 to 1: measured in the time that commands take. For
  // those to come it is the time that they took last time, and where that is unknown the average
  // of all others. Times of last time that are far from what this build shows are not trusted.
  double done_part() const;
  std::optional<double> remaining_seconds() const;

 private:
  int64_t timed_ms_to_come() const { return total_.timed_ms - finished_last_ms_; }
  size_t timed_to_come() const { return total_.timed - finished_timed_; }
  bool trusts_last_times() const;

  size_t window_;
  engine::WorkTotal total_;
  size_t started_ = 0;
  size_t finished_ = 0;
  size_t running_ = 0;
  int64_t time_ms_ = 0;           // of the last event
  int64_t work_ms_ = 0;           // what the finished commands took
  size_t finished_timed_ = 0;     // those whose time was known before...
  int64_t finished_last_ms_ = 0;  // ...and these times, added up
  std::deque<int64_t> last_ends_;
};

}  // namespace cntr::cli
