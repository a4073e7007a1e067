#include "cli/build_progress.h"

namespace cntr::cli {
namespace {

// Before that the average of this build says little.
constexpr int64_t kMeaningfulMs = 15'000;
constexpr double kMeaningfulPart = 0.05;
// How far this build and the last one may differ.
constexpr double kLargestRatio = 10;

double quotient(size_t a, size_t b) { return static_cast<double>(a) / static_cast<double>(b); }

double average(int64_t sum_ms, size_t count) {
  return static_cast<double>(sum_ms) / static_cast<double>(count);
}

}  // namespace

void BuildProgress::restart() {
  const engine::WorkTotal total = total_;
  *this = BuildProgress(window_);
  total_ = total;
}

void BuildProgress::edge_started(int64_t start_ms) {
  ++started_;
  ++running_;
  time_ms_ = start_ms;
}

void BuildProgress::edge_finished(const engine::EdgeEnd& end) {
  ++finished_;
  time_ms_ = end.end_ms;
  work_ms_ += end.end_ms - end.start_ms;
  if (end.last_time_ms) {
    ++finished_timed_;
    finished_last_ms_ += *end.last_time_ms;
  }
  if (last_ends_.size() == window_) last_ends_.pop_front();
  last_ends_.push_back(end.end_ms);
}

int BuildProgress::percent() const {
  return total() == 0 ? 0 : static_cast<int>(100 * finished_ / total());
}

std::optional<double> BuildProgress::rate() const {
  if (time_ms_ <= 0) return std::nullopt;
  return static_cast<double>(finished_) / elapsed_seconds();
}

std::optional<double> BuildProgress::current_rate() const {
  if (last_ends_.empty() || last_ends_.back() == last_ends_.front()) return std::nullopt;
  return 1000 / average(last_ends_.back() - last_ends_.front(), last_ends_.size());
}

bool BuildProgress::trusts_last_times() const {
  if (total_.timed <= finished_timed_ || timed_ms_to_come() <= 0) return false;
  if (finished_ == 0 || time_ms_ < kMeaningfulMs ||
      quotient(finished_, total()) < kMeaningfulPart) {
    return true;
  }
  const double now = average(work_ms_, finished_);
  const double last = average(total_.timed_ms, total_.timed);
  return std::max(now, last) < kLargestRatio * std::min(now, last);
}

double BuildProgress::done_part() const {
  const bool trusts = trusts_last_times();
  const size_t timed = trusts ? timed_to_come() : 0;
  const int64_t timed_ms = trusts ? timed_ms_to_come() : 0;
  const size_t known = finished_ + timed;
  if (known == 0 || total() < known) return 0;

  const double known_ms = static_cast<double>(work_ms_ + timed_ms);
  const double unknown_ms =
      known_ms / static_cast<double>(known) * static_cast<double>(total() - known);
  const double all_ms = known_ms + unknown_ms;
  return all_ms > 0 ? static_cast<double>(work_ms_) / all_ms : 0;
}

std::optional<double> BuildProgress::remaining_seconds() const {
  const double part = done_part();
  if (part <= 0) return std::nullopt;
  return elapsed_seconds() / part - elapsed_seconds();
}

}  // namespace cntr::cli
