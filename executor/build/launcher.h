// Starts sandboxes: the seam between deciding and running, so that tests can put a function there.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "base/process.h"
#include "base/warning.h"
#include "runner/runner.h"
#include "spec/spec.h"

namespace cntr::build {

struct LaunchResult {
  // As in a shell, 127 or 126 when the step's program could not be started.
  ExitStatus status;
  // Set when the step's program could not be started: a sentence. The runner's own words about it
  // are left out of the output.
  std::optional<std::string> program_failure;
  // Set when the runner itself failed, so that the step never ran: its reason.
  std::optional<std::string> start_failure;
  // Set when this runner cannot run such a step, and another one may: its reason.
  std::optional<std::string> refusal;
};

class Launcher {
 public:
  virtual ~Launcher() = default;

  // The runner that this step would use, none of these. Throws as runner::choose() and
  // runner::require_gpus() do.
  virtual runner::Kind choose(const spec::Step& step,
                              const std::vector<runner::Rejection>& rejected) = 0;
  // After `failed` could not start the step. Throws as runner::examine_failure() does.
  virtual runner::Rejection examine_failure(const spec::Step& step, runner::Kind failed,
                                            const std::string& reason) = 0;
  // Runs the sandbox to its end. Throws the Error of prepare() or plan() of runner::Runner, and a
  // user Error when the step asks for a runner that refuses it.
  virtual LaunchResult run(const spec::Step& step, runner::Kind kind,
                           const runner::Sandbox& sandbox, const OutputSink& out,
                           const OutputSink& err) = 0;
};

// Real runners. Steps are interrupted when one of the processes `end_with` (pidfds) ends.
class RunnerLauncher : public Launcher {
 public:
  explicit RunnerLauncher(WarningSink warn, std::vector<UniqueFd> end_with = {})
      : warn_(std::move(warn)), end_with_(std::move(end_with)) {}
  runner::Kind choose(const spec::Step& step,
                      const std::vector<runner::Rejection>& rejected) override;
  runner::Rejection examine_failure(const spec::Step& step, runner::Kind failed,
                                    const std::string& reason) override;
  LaunchResult run(const spec::Step& step, runner::Kind kind, const runner::Sandbox& sandbox,
                   const OutputSink& out, const OutputSink& err) override;

 private:
  WarningSink warn_;
  std::vector<UniqueFd> end_with_;
};

}  // namespace cntr::build
