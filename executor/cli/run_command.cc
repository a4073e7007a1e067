#include <csignal>
#include <memory>

#include "base/build_tool.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/session.h"

namespace cntr::cli {
namespace {

struct RunOptions {
  std::string spec;
  bool verbose = false;
  bool die_with_parent = false;
};

void print_outcome(const spec::Step& step, const build::StepOutcome& outcome) {
  std::string line = "cntr: " + step.name + ": " + std::string(build::name_of(outcome.result));
  if (!outcome.runner.empty()) line += " with " + outcome.runner;
  line += " in " + format_duration(outcome.duration) + "\n";
  for (const std::string& reason : outcome.reasons) line += "  " + reason + "\n";
  print_error(line);
}

int run_step(const RunOptions& options) {
  const spec::Step step = spec::read_step(options.spec);
  Session session(options.die_with_parent ? build_tool_processes() : std::vector<UniqueFd>());
  const build::StepOutcome outcome = session.steps().run(step);
  if (options.verbose) print_outcome(step, outcome);
  if (outcome.result == build::StepResult::kInterrupted) return kInterrupted;
  if (outcome.result != build::StepResult::kFailed) return kSuccess;
  print_error("cntr: " + outcome.failure + "\n");
  return kStepFailed;
}

}  // namespace

void add_run_command(CLI::App& app, Action& action) {
  CLI::App* const command = app.add_subcommand("run", "Run one step, unless its result is known");
  const auto options = std::make_shared<RunOptions>();
  command->add_option("spec", options->spec, "The step's spec: <build>/cntr/steps/<name>.yaml")
      ->required();
  command->add_flag("-v,--verbose", options->verbose, "Say what was done and why");
  command->add_flag("--die-with-parent", options->die_with_parent,
                    "End when the build tool that started it dies");
  command->footer("Outputs whose bytes do not change are not touched. docs/reference/commands.md");
  command->callback([&action, options] { action = [options] { return run_step(*options); }; });
}

}  // namespace cntr::cli
