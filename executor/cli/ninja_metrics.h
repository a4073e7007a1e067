// `-d stats`: how long the parts of a build took, in a table like ninja's.
#pragma once

#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

namespace cntr::cli {

class NinjaMetrics {
 public:
  // Runs `work` and counts its time under `name`.
  template <typename Work>
  auto measure(const std::string& name, Work work) {
    const Timer timer(*this, name);
    return work();
  }
  void print(std::FILE* out) const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Metric {
    std::string name;
    size_t count = 0;
    Clock::duration time{};
  };
  class Timer {
   public:
    Timer(NinjaMetrics& metrics, const std::string& name)
        : metrics_(metrics), name_(name), begin_(Clock::now()) {}
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer() { metrics_.add(name_, Clock::now() - begin_); }

   private:
    NinjaMetrics& metrics_;
    const std::string& name_;
    Clock::time_point begin_;
  };
  void add(const std::string& name, Clock::duration time);

  std::vector<Metric> metrics_;
};

}  // namespace cntr::cli
