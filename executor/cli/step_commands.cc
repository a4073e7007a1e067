#include "cli/step_commands.h"

#include "base/units.h"
#include "build/image_identity.h"
#include "build/watch_list.h"
#include "cli/exit_codes.h"

namespace cntr::cli {
namespace {

std::string outcome_text(const spec::Step& step, const build::StepOutcome& outcome) {
  std::string line = "cntr: " + step.name + ": " + std::string(build::name_of(outcome.result));
  if (!outcome.runner.empty()) line += " with " + outcome.runner;
  line += " in " + format_duration(outcome.duration) + "\n";
  for (const std::string& reason : outcome.reasons) line += "  " + reason + "\n";
  return line;
}

}  // namespace

int run_step(const spec::Step& step, Session& session, const Console& console, bool verbose) {
  const build::StepOutcome outcome = session.steps().run(step);
  if (verbose) console.err(outcome_text(step, outcome));
  if (outcome.result == build::StepResult::kInterrupted) return kInterrupted;
  if (outcome.result != build::StepResult::kFailed) return kSuccess;
  console.err("cntr: " + outcome.failure + "\n");
  return kStepFailed;
}

int prepare_image(const std::string& spec_path, store::Cache& cache) {
  build::prepare_image(spec_path, cache);
  return kSuccess;
}

int check_steps(const std::string& directory) {
  build::check_steps(directory);
  return kSuccess;
}

}  // namespace cntr::cli
