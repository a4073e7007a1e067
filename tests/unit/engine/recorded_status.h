// Remembers what a build told.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/build_status.h"
#include "engine/state.h"

namespace cntr::engine {

class RecordedStatus : public BuildStatus {
 public:
  // `state` must outlive it.
  explicit RecordedStatus(const State& state) : state_(state) {}

  void total_changed(const WorkTotal& total) override {
    total_ = total;
    if (totals_.empty() || totals_.back() != total.commands) totals_.push_back(total.commands);
  }
  void build_started() override { events_.push_back("begin"); }
  void edge_started(ninja::EdgeId edge, int64_t start_ms) override {
    EXPECT_GE(start_ms, 0);
    started_.push_back(name(edge));
    totals_at_start_.push_back(total_.commands);
    events_.push_back("start " + name(edge));
  }
  void edge_finished(const EdgeEnd& end) override {
    EXPECT_GE(end.end_ms, end.start_ms);
    ends_.push_back(end);
    events_.push_back("end " + name(end.edge) +
                      (end.code == 0 ? "" : " " + std::to_string(end.code)));
  }
  void build_finished() override { events_.push_back("finish"); }
  void info(const std::string& text) override { said_.push_back("info: " + text); }
  void warning(const std::string& text) override { said_.push_back("warning: " + text); }
  void error(const std::string& text) override { said_.push_back("error: " + text); }
  void explanation(ninja::EdgeId edge, const std::string& text) override {
    explanations_.push_back(name(edge) + ": " + text);
  }

  WorkTotal total_;
  std::vector<size_t> totals_;           // one after the other, without repetitions
  std::vector<size_t> totals_at_start_;  // as known when each command started
  std::vector<std::string> started_;     // the first output of each edge
  std::vector<std::string> events_;
  std::vector<EdgeEnd> ends_;
  std::vector<std::string> explanations_;
  std::vector<std::string> said_;

 private:
  std::string name(ninja::EdgeId edge) const {
    if (edge == ninja::kNone) return "(build)";
    return std::string(state_.graph.path(state_.graph.outputs(edge).front()));
  }

  const State& state_;
};

}  // namespace cntr::engine
