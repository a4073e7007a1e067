#include "base/error.h"
#include "base/file_system.h"
#include "base/text.h"
#include "build/env_identity.h"
#include "cli/env_commands.h"
#include "env/environment.h"
#include "env/project.h"

namespace cntr::cli {
void add_project_choice(CLI::App& command, EnvChoice& choice) {
  command.add_option("-C,--build", choice.directory, "The build directory")->capture_default_str();
  command.add_option("-d,--directory", choice.project,
                     "Instead: a directory with a lock, or the lock");
}

void add_env_choice(CLI::App& command, EnvChoice& choice) {
  command.add_option("-n,--name", choice.name, "The environment; the only one when left out");
  add_project_choice(command, choice);
}

spec::EnvIdentity identity_of(const FoundEnv& found) {
  return found.spec_path.empty() ? env::identify(found.env)
                                 : build::identity_of_unchanged_lock(found.spec_path);
}

std::optional<std::string> env_directory(const EnvChoice& choice) {
  if (!choice.project.empty()) {
    if (choice.directory != ".") throw user_error("--build and --directory exclude each other");
    return choice.project;
  }
  const std::string start = normal_path(choice.directory, current_directory());
  if (choice.directory != "." || spec::find_workflow_directory_if_any(start)) return std::nullopt;
  const bool is_env = env::find_lock(start) || exists(start + "/environment.yml");
  return is_env ? std::optional(start) : std::nullopt;
}

std::vector<FoundEnv> envs_of_project(const EnvChoice& choice) {
  if (const auto directory = env_directory(choice)) return {{env::env_at(*directory), ""}};
  const std::string start = normal_path(choice.directory, current_directory());
  if (choice.directory == "." && !spec::find_workflow_directory_if_any(start)) {
    throw user_error(
        "There is no Cntr build tree at " + start + " or above it, and no environment in it",
        {"Name the build directory of a configured project with -C, or a directory with "
         "a lock with -d.",
         "`cntr env init` begins a new environment."});
  }
  const std::string build = spec::find_workflow_directory(start);
  const spec::Workflow workflow = spec::read_workflow(build);
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

std::string counted(size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

}  // namespace cntr::cli
