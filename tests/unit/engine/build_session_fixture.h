// Whole builds of one directory: the files are in memory, the state is on disk.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "base/text.h"
#include "engine/build_session.h"
#include "fake_disk.h"
#include "fake_runner.h"
#include "recorded_status.h"
#include "working_directory.h"

namespace cntr::engine {

class BuildSessionTest : public testing::Test {
 protected:
  using Names = std::vector<std::string>;

  void manifest(const std::string& edges) {
    disk_.put("build.ninja",
              "rule cat\n  command = cat $in > $out\nrule run\n  command = $do\n" + edges);
  }

  // As the command line does it. Returns the first outputs of the edges that ran.
  Names build(const std::string& targets = "") {
    disk_.advance(60 * kFakeSecond);
    return build_at_once(targets);
  }
  Names build_at_once(const std::string& targets = "") {
    Names ran;
    for (int i = 0; i < 10; ++i) {
      BuildSession session(options_, disk_,
                           [this](const std::string& text) { warnings_.push_back(text); });
      nothing_changed_ = targets.empty() && session.nothing_changed();
      if (nothing_changed_) return ran;
      RecordedStatus status(session.state());
      FakeRunner runner(disk_);
      if (prepare_) prepare_(runner);
      BuildResult result;
      const bool again = session.rebuild_manifest(runner, status, result);
      if (!again) {
        std::vector<ninja::NodeId> nodes;
        for (const std::string& target : split(targets, ' ')) {
          if (!target.empty()) nodes.push_back(session.state().node(target));
        }
        if (nodes.empty()) nodes = session.default_targets();
        result_ = session.build(nodes, runner, status);
      }
      ran.insert(ran.end(), status.started_.begin(), status.started_.end());
      if (!again) return ran;
    }
    ADD_FAILURE() << "the manifest is made again and again";
    return ran;
  }

  WorkingDirectory directory_;
  FakeDisk disk_;
  SessionOptions options_;
  std::function<void(FakeRunner&)> prepare_;
  bool nothing_changed_ = false;
  BuildResult result_;
  Names warnings_;
};

}  // namespace cntr::engine
