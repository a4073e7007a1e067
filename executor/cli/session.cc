#include "cli/session.h"

#include "base/file_system.h"
#include "base/text.h"

namespace cntr::cli {

Session::Session(const Console& console, std::vector<UniqueFd> end_with)
    : cache_(store::Cache::default_root(), warnings(console)),
      launcher_(warnings(console), std::move(end_with)),
      steps_({cache_, launcher_, system_clock(), console.out, warnings(console)}) {}

std::optional<FoundStep> find_step_if_any(const spec::Workflow& workflow, const std::string& name) {
  for (const spec::Step& step : workflow.steps) {
    if (step.name == name) return FoundStep{step, ""};
  }
  const spec::Producers producers(workflow);
  for (const std::string& base : {current_directory(), workflow.index.binary_dir}) {
    const std::string path = normal_path(name, base);
    if (const spec::Step* step = producers.of(path)) return FoundStep{*step, path};
  }
  return std::nullopt;
}

FoundStep find_step(const spec::Workflow& workflow, const std::string& name) {
  if (const auto found = find_step_if_any(workflow, name)) return *found;
  std::vector<std::string> names;
  for (const spec::Step& step : workflow.steps) names.push_back(step.name);
  throw user_error(
      "No step is named " + quote(name) + " or makes a file of that name",
      {names.empty() ? "The project declares no steps." : "Steps: " + join(names, ", ") + "."});
}

}  // namespace cntr::cli
