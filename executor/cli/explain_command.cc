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

// The steps that make inputs of `step`, directly or through others, in the order of a build.
void collect_before(const spec::Step& step, const spec::Producers& producers,
                    std::set<const spec::Step*>& seen, std::vector<const spec::Step*>& order) {
  for (const std::string& input : spec::inputs_of(step)) {
    const spec::Step* const producer = producers.of(input);
    if (producer == nullptr || !seen.insert(producer).second) continue;
    collect_before(*producer, producers, seen, order);
    order.push_back(producer);
  }
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
  collect_before(found.step, spec::Producers(workflow), seen, before);
  for (const spec::Step* step : before) {
    if (!is_up_to_date(session.steps(), *step)) explanation.waiting.push_back(step->name);
  }
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
