#include "base/error.h"
#include "base/file_system.h"
#include "base/text.h"
#include "cli/env_commands.h"

namespace cntr::cli {

void add_env_choice(CLI::App& command, EnvChoice& choice) {
  command.add_option("-n,--name", choice.name, "The environment; the only one when left out");
  command.add_option("-C,--build", choice.directory, "The build directory")->capture_default_str();
}

std::vector<FoundEnv> envs_of_project(const EnvChoice& choice) {
  const std::string start = normal_path(choice.directory, current_directory());
  const spec::Workflow workflow = spec::read_workflow(spec::find_workflow_directory(start));
  std::vector<FoundEnv> out;
  for (const spec::Env& env : workflow.envs) out.push_back({env, workflow.env_spec(env)});
  return out;
}

FoundEnv find_env(const EnvChoice& choice) {
  std::vector<FoundEnv> found = envs_of_project(choice);
  std::vector<std::string> names;
  for (FoundEnv& env : found) {
    if (env.env.name == choice.name) return std::move(env);
    names.push_back(env.env.name);
  }
  if (names.empty()) {
    throw user_error("The project declares no environments", {"Declare one with cntr_add_env()."});
  }
  if (!choice.name.empty()) {
    throw user_error("No environment is named " + quote(choice.name),
                     {"Environments: " + join(names, ", ") + "."});
  }
  if (names.size() == 1) return std::move(found.front());
  throw user_error("The project has several environments: " + join(names, ", "),
                   {"Name the one that is meant: --name " + names.front() + "."});
}

}  // namespace cntr::cli
