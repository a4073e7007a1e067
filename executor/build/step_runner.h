// Runs one step: signature, cache, sandbox, publication. The heart of `cntr run` and of every step
// edge of cntr-ninja.
//
// Order of writing, so that a crash at any point leaves no false result (docs/signature.md): the
// step writes in its work directory; blobs; record and action row; outputs by rename; last the
// state files, which only say what the build tree held at that moment.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/process.h"
#include "base/warning.h"
#include "build/build_tree.h"
#include "build/launcher.h"
#include "build/resolved_step.h"
#include "build/sandbox_setup.h"
#include "build/shown_env.h"
#include "build/step_log.h"
#include "spec/spec.h"
#include "store/cache.h"

namespace cntr::build {

enum class StepResult {
  kCurrent,      // the build tree already held the result; nothing was touched
  kRestored,     // a hit: outputs came from the cache
  kExecuted,     // a miss: the step ran
  kFailed,       // it ran and failed; old outputs are as they were
  kInterrupted,  // its end was asked for (base/stop_request.h)
};
std::string_view name_of(StepResult result);

struct StepOutcome {
  StepResult result = StepResult::kCurrent;
  Digest signature;
  std::string runner;                // what executed it; "" when nothing did
  std::vector<std::string> reasons;  // of an execution: what changed since the last result here
  std::string failure;               // of kFailed: several lines for a person
  std::chrono::milliseconds duration{0};
};

// What would happen, without doing it: for `cntr explain`.
struct StepForecast {
  bool would_execute = false;
  bool would_restore = false;
  std::string signature_text;
  std::vector<std::string> reasons;  // as in StepOutcome; empty when nothing would happen
};

// Everything that a StepRunner works with; all must outlive it.
struct StepContext {
  store::Cache& cache;
  Launcher& launcher;
  const Clock& clock;
  OutputSink echo;  // what the step prints, without its secrets
  WarningSink warn;
};

// Not thread-safe; many threads may have one each. Throws Errors as resolve() and set_up_sandbox()
// do, an environment Error when the build tree cannot be written or the runner cannot start, and
// Stopped when the thread is asked to stop while no sandbox runs; then the outputs are as they
// were.
class StepRunner {
 public:
  explicit StepRunner(StepContext context) : context_(std::move(context)) {}

  StepOutcome run(const spec::Step& step);
  StepForecast forecast(const spec::Step& step);
  // Runs `argv` on the caller's terminal in the step's sandbox: in the work directory that a failed
  // step left, else in a new one, which is removed afterwards. Nothing is published.
  ExitStatus open_shell(const spec::Step& step, const std::vector<std::string>& argv);

 private:
  struct Task;

  enum class Identities {
    kAsWritten,  // what the edges of image and environment wrote; they are prepared when missing
    kOfSources,  // what their sources are now; nothing is written
  };
  Task open_task(const spec::Step& step, Identities identities);
  std::vector<std::string> reasons_to_run(const Task& task);
  bool is_current(const Task& task);
  bool restore(Task& task, const store::ActionResult& result);
  // The environment in which the step runs here; holds the image while it lives.
  struct Stage;
  Stage set_stage(const Task& task);
  void set_root(const Task& task, Stage& stage);  // for the stage's runner
  // Shows the step's conda environment, if it has one, to the runner of the execution.
  std::optional<ShownEnv> show_env(const Task& task, Stage& stage);
  // Starts the step in a new work directory, with another runner when one cannot start it.
  LaunchResult launch(const Task& task, Stage& stage, StepLog& log);
  StepOutcome execute(Task& task);
  void write_watch_list(const Task& task);
  void write_state(const Task& task, const std::vector<store::Output>& outputs);
  StepOutcome finish(const Task& task, StepOutcome outcome);

  StepContext context_;
};

}  // namespace cntr::build
