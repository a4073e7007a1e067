// Builds of a graph on a disk in memory, each one as a process of its own.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "engine/builder.h"
#include "engine/programs.h"
#include "engine/state_migration.h"
#include "fake_disk.h"
#include "fake_runner.h"
#include "ninja/manifest_parser.h"
#include "recorded_status.h"

namespace cntr::engine {

class EngineTest : public testing::Test, private RunSink {
 protected:
  using Names = std::vector<std::string>;

  static constexpr const char* kRules =
      "rule cat\n  command = cat $in > $out\n"
      "rule touch\n  command = touch $out\n"
      "rule run\n  command = $do\n";

  void manifest(const std::string& edges) { manifest_ = kRules + edges; }

  // Builds the targets (between blanks; none: the defaults), as a new process. Returns the first
  // outputs of the edges that ran, in the order of their starts; result_ says how it ended.
  Names build(const std::string& targets = "") {
    settle();
    return build_at_once(targets);
  }
  // The same without waiting: files are as young as they were made.
  Names build_at_once(const std::string& targets = "") {
    runner_ = std::make_unique<FakeRunner>(disk_);
    if (prepare_) prepare_(*runner_);
    begin();
    status_ = std::make_unique<RecordedStatus>(state_);
    Process process(*this);
    const std::vector<ninja::NodeId> nodes = nodes_of(targets);
    Marks marks;
    marks.changed.resize(state_.graph.node_count());
    for (const ninja::NodeId node : process.files.probe(Plan::nodes_of(state_, nodes)).changed) {
      marks.changed[node] = 1;
    }
    Builder builder({state_, process.files, process.decider, process.recorder, process.history,
                     disk_, *runner_, *status_, *this, disk_.file_time()},
                    options_, marks);
    result_ = builder.build(nodes);
    return status_->started_;
  }
  std::string error_of(const std::string& targets = "") {
    try {
      build(targets);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUser);
      return error.message();
    }
    return "";
  }

  // Lets so much time pass that no file is young any more.
  void settle() { disk_.advance(60 * kFakeSecond); }

  // As a new process does: the graph is read again, and what is known is carried over to it.
  void begin() {
    const std::string text = manifest_;
    ninja::Graph graph = ninja::parse_manifest(
        "build.ninja", [&text](const std::string&) { return std::optional(text); });
    state_ = migrate(state_, std::move(graph));
  }

  const EdgeRecord& record_of(const std::string& output) {
    return state_.records[state_.graph.producer(*state_.graph.find(output))];
  }
  Names discovered_of(const std::string& output) {
    Names names;
    for (const Link& link : state_.discovered_of(record_of(output))) {
      names.emplace_back(state_.graph.path(link.node));
    }
    return names;
  }
  std::string output_of(const std::string& output) {
    for (const EdgeEnd& end : status_->ends_) {
      if (state_.graph.path(state_.graph.outputs(end.edge).front()) == output) return end.output;
    }
    return "(did not run)";
  }

  FakeDisk disk_;
  std::string manifest_;
  State state_;
  BuildOptions options_;
  Digest environment_;
  std::function<void(FakeRunner&)> prepare_;  // each new runner
  std::unique_ptr<FakeRunner> runner_;        // of the last build, as are the following
  std::unique_ptr<RecordedStatus> status_;
  BuildResult result_;
  Names warnings_;

 private:
  struct Process {
    explicit Process(EngineTest& test)
        : files(test.state_, test.disk_),
          decider(test.state_, files, test.environment_),
          programs(""),
          recorder(test.state_, files, decider, test.disk_, programs),
          history(test.state_, files, decider, "", false,
                  [&test](const std::string& text) { test.warnings_.push_back(text); }) {}

    FileTable files;
    Decider decider;
    Programs programs;
    Recorder recorder;
    NinjaHistory history;
  };

  void edge_changed(ninja::EdgeId edge) override { EXPECT_LT(edge, state_.graph.edge_count()); }

  std::vector<ninja::NodeId> nodes_of(const std::string& targets) {
    std::vector<ninja::NodeId> nodes;
    for (const std::string& target : split(targets, ' ')) {
      if (!target.empty()) nodes.push_back(state_.node(target));
    }
    if (!nodes.empty()) return nodes;
    const auto defaults = state_.graph.defaults();
    if (!defaults.empty()) return {defaults.begin(), defaults.end()};
    return state_.graph.roots();
  }
};

}  // namespace cntr::engine
