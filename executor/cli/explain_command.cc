#include <algorithm>
#include <memory>
#include <set>

#include "base/file_system.h"
#include "cli/command.h"
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

// The steps that make inputs and the image of `step`, directly or through others, in the order of a
// build.
void collect_before(const spec::Step& step, const spec::Workflow& workflow,
                    const spec::Producers& producers, std::set<const spec::Step*>& seen,
                    std::vector<const spec::Step*>& order) {
  std::vector<std::string> read = spec::inputs_of(step);
  if (const spec::Image* image = image_of(step, workflow)) {
    for (const std::string& source : spec::sources_of(*image)) read.push_back(source);
  }
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

int run_explain(const ExplainOptions& options) {
  const std::string start = normal_path(options.directory, current_directory());
  const spec::Workflow workflow = spec::read_workflow(spec::find_workflow_directory(start));
  const FoundStep found = find_step(workflow, options.name);
  Session session;
  const report::Explanation explanation = explain(session, workflow, found);
  print(options.json ? report::explanation_as_json(explanation) + "\n"
                     : report::explanation_as_text(explanation));
  return kSuccess;
}

}  // namespace

void add_explain_command(CLI::App& app, Action& action) {
  CLI::App* const command = app.add_subcommand("explain", "Say whether a step would run, and why");
  const auto options = std::make_shared<ExplainOptions>();
  command->add_option("name", options->name, "A step, or a file that a step makes")->required();
  command->add_option("-C,--build", options->directory, "The build directory")
      ->capture_default_str();
  command->add_flag("--json", options->json, "For programs");
  command->footer("Nothing is run or changed. Example: cntr explain -C build monthly.csv");
  command->callback([&action, options] { action = [options] { return run_explain(*options); }; });
}

}  // namespace cntr::cli
