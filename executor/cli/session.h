// What works on steps needs: the cache, the runners, and where their words go.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "build/launcher.h"
#include "build/step_runner.h"
#include "cli/console.h"
#include "spec/workflow.h"
#include "store/cache.h"

namespace cntr::cli {

// Opens the cache of CNTR_CACHE_DIR and makes the real launcher. Steps are interrupted when one of
// the processes `end_with` (pidfds) ends. Not thread-safe; one for each thread at a time.
class Session {
 public:
  explicit Session(const Console& console = standard_console(),
                   std::vector<UniqueFd> end_with = {});

  store::Cache& cache() { return cache_; }
  build::StepRunner& steps() { return steps_; }

 private:
  store::Cache cache_;
  build::RunnerLauncher launcher_;
  build::StepRunner steps_;
};

// The step that `name` means in the workflow: a step's name, or a path of one of its outputs
// (relative to the current directory or to the build directory). Throws a user Error with the
// nearest names when there is none.
struct FoundStep {
  const spec::Step& step;
  std::string output;  // the output that was named; "" when the step was
};
FoundStep find_step(const spec::Workflow& workflow, const std::string& name);
std::optional<FoundStep> find_step_if_any(const spec::Workflow& workflow, const std::string& name);

}  // namespace cntr::cli
