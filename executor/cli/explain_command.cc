#include <algorithm>
#include <memory>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/file_system.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/explain_edge.h"
#include "cli/session.h"
#include "report/explain.h"

namespace cntr::cli {
namespace {

struct ExplainOptions {
  std::string name;
  std::string directory = ".";
  bool json = false;
};

// The image of a step; null for a step on the host.
const spec::Image* image_of(const spec::Step& step, const spec::Workflow& workflow) {
  const auto found = std::find_if(
      workflow.images.begin(), workflow.images.end(),
      [&](const spec::Image& image) { return step.image_spec == workflow.image_spec(image); });
  return found == workflow.images.end() ? nullptr : &*found;
}

// The lock of a step's environment; null for a step without one.
const std::string* lock_of(const spec::Step& step, const spec::Workflow& workflow) {
  const auto found =
      std::find_if(workflow.envs.begin(), workflow.envs.end(),
                   [&](const spec::Env& env) { return step.env_spec == workflow.env_spec(env); });
  return found == workflow.envs.end() ? nullptr : &found->lock;
}

// The steps that make inputs, image and lock of `step`, directly or through others, in the order of
// a build.
void collect_before(const spec::Step& step, const spec::Workflow& workflow,
                    const spec::Producers& producers, std::set<const spec::Step*>& seen,
                    std::vector<const spec::Step*>& order) {
  std::vector<std::string> read = spec::inputs_of(step);
  if (const spec::Image* image = image_of(step, workflow)) {
    for (const std::string& source : spec::sources_of(*image)) read.push_back(source);
  }
  if (const std::string* lock = lock_of(step, workflow)) read.push_back(*lock);
  for (const std::string& path : read) {
    const spec::Step* const producer = producers.of(path);
    if (producer == nullptr || !seen.insert(producer).second) continue;
    collect_before(*producer, workflow, producers, seen, order);
    order.push_back(producer);
  }
}

// What the step reads and the build has still to make, in the manner of StepForecast::reasons.
std::vector<std::string> not_made_yet(const spec::Step& step, const spec::Workflow& workflow,
                                      const spec::Producers& producers) {
  const auto shown = [&](const std::string& path) {
    return path_below(path, step.binary_dir).value_or(path);
  };
  const auto is_to_be_made = [&](const std::string& path) {
    return !exists(path) && (path_below(path, step.binary_dir) || producers.of(path) != nullptr);
  };
  std::vector<std::string> reasons;
  const spec::Image* const image = image_of(step, workflow);
  if (image != nullptr) {
    for (const std::string& source : spec::sources_of(*image)) {
      if (!is_to_be_made(source)) continue;
      reasons.push_back("image " + image->name + ": " + shown(source) + " is not made yet");
    }
  }
  const std::string* const lock = lock_of(step, workflow);
  if (lock != nullptr && is_to_be_made(*lock)) {
    reasons.push_back("lock " + shown(*lock) + ": not made yet");
  }
  for (const std::string& input : spec::inputs_of(step)) {
    if (is_to_be_made(input)) reasons.push_back("input " + shown(input) + ": not made yet");
  }
  return reasons;
}

bool is_up_to_date(build::StepRunner& steps, const spec::Step& step) {
  try {
    const build::StepForecast forecast = steps.forecast(step);
    return !forecast.would_execute && !forecast.would_restore;
  } catch (const Error&) {
    return false;  // an input that is not made yet
  }
}

report::Explanation explain(Session& session, const spec::Workflow& workflow,
                            const FoundStep& found) {
  report::Explanation explanation;
  explanation.step = found.step.name;
  explanation.made_of_file = found.output;
  std::set<const spec::Step*> seen = {&found.step};
  std::vector<const spec::Step*> before;
  const spec::Producers producers(workflow);
  collect_before(found.step, workflow, producers, seen, before);
  for (const spec::Step* step : before) {
    if (!is_up_to_date(session.steps(), *step)) explanation.waiting.push_back(step->name);
  }
  explanation.reasons = not_made_yet(found.step, workflow, producers);
  explanation.would_execute = !explanation.reasons.empty();
  if (explanation.would_execute) return explanation;
  try {
    const build::StepForecast forecast = session.steps().forecast(found.step);
    explanation.would_execute = forecast.would_execute;
    explanation.would_restore = forecast.would_restore;
    explanation.reasons = forecast.reasons;
  } catch (const Error& error) {
    if (explanation.waiting.empty()) throw;
    explanation.would_execute = true;
    explanation.reasons.push_back(error.message());
  }
  return explanation;
}

std::optional<spec::Workflow> workflow_around(const std::string& start, bool is_needed) {
  std::string directory;
  try {
    directory = spec::find_workflow_directory(start);
  } catch (const Error&) {
    if (is_needed) throw;
    return std::nullopt;
  }
  return spec::read_workflow(directory);
}

// A step; else any other file of the build, where cntr-ninja has built.
report::Explanation explain(const std::string& start, const std::string& name) {
  const std::optional<std::string> built_by_ninja = find_ninja_directory(start);
  const auto workflow = workflow_around(start, /*is_needed=*/!built_by_ninja);
  const auto step = workflow ? find_step_if_any(*workflow, name) : std::nullopt;
  if (step || !built_by_ninja) {
    const FoundStep found = step ? *step : find_step(*workflow, name);
    Session session;
    return explain(session, *workflow, found);
  }
  if (const auto edge = explain_edge(*built_by_ninja, name, current_directory())) return *edge;
  if (workflow) find_step(*workflow, name);
  throw user_error("The build in " + *built_by_ninja + " makes no " + quote(name));
}

int run_explain(const ExplainOptions& options) {
  const report::Explanation explanation =
      explain(normal_path(options.directory, current_directory()), options.name);
  print(options.json ? report::explanation_as_json(explanation) + "\n"
                     : report::explanation_as_text(explanation));
  return kSuccess;
}

}  // namespace

void add_explain_command(CLI::App& app, Action& action) {
  CLI::App* const command =
      app.add_subcommand("explain", "Say whether a step or a command would run, and why");
  const auto options = std::make_shared<ExplainOptions>();
  command->add_option("name", options->name, "A step, or a file that the build makes")->required();
  command->add_option("-C,--build", options->directory, "The build directory")
      ->capture_default_str();
  command->add_flag("--json", options->json, "For programs");
  command->footer(
      "Nothing is run or changed. Files that no step makes are known where cntr-ninja\n"
      "has built.\n"
      "Example: cntr explain -C build monthly.csv");
  command->callback([&action, options] { action = [options] { return run_explain(*options); }; });
}

}  // namespace cntr::cli
