// A tiny root file system of busybox, a work directory, and sandboxes that run in them.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "base/process.h"
#include "runner/runner.h"

namespace cntr::runner {

struct Outcome {
  ExitStatus status;
  std::string out;
  std::string err;
};

// True once `condition` holds, within ten seconds.
bool eventually(const std::function<bool()>& condition);

// Whether a process of this machine has the word in its command line.
bool process_with(const std::string& word);

class SandboxTest : public ::testing::Test {
 protected:
  // Skips with the reason when the runner cannot be used, unless CNTR_TESTS_MUST_RUN names it. To
  // be followed by: if (IsSkipped() || HasFatalFailure()) return;
  static void require(Kind kind);
  // Skips, with the reason, when there is no static busybox to make a root of.
  void SetUp() override;

  // Of the image, "/bin/sh" and so on, in the work directory made for it.
  Sandbox sandbox(const std::vector<std::string>& argv);
  Sandbox shell(const std::string& script) { return sandbox({"/bin/sh", "-c", script}); }
  // A file outside the work directory, to be bound.
  std::string input(const std::string& name, const std::string& content);
  // A word that no other process has.
  std::string marker(const std::string& name) const;

  static Outcome run(Kind kind, const Sandbox& sandbox, const RunLimits& limits = {});
  // At a new terminal, on which these lines are typed one after the other, each after a prompt.
  static Outcome run_at_terminal(Kind kind, Sandbox sandbox, const std::vector<std::string>& lines);
  // Starts a process that runs the sandbox, waits for `started`, and kills it with SIGKILL.
  static void kill_runner_of(Kind kind, const Sandbox& sandbox,
                             const std::function<bool()>& started);

  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
  std::string root() const { return path("root"); }

 private:
  TemporaryDirectory directory_{"/tmp", "cntr-sandbox-"};
  int sandboxes_ = 0;
};

}  // namespace cntr::runner
