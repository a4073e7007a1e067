// The subcommands of `cntr env`, each group in a file of its own.
#pragma once

#include <memory>
#include <string>

#include "cli/command.h"
#include "spec/workflow.h"

namespace cntr::cli {

// Which environment a subcommand is about.
struct EnvChoice {
  std::string name;             // "" for the only one of the project
  std::string directory = ".";  // in or above the build tree
};
// Adds the options --name and --build.
void add_env_choice(CLI::App& command, EnvChoice& choice);

struct FoundEnv {
  spec::Env env;
  std::string spec_path;
};
// All environments of the project. Throws as spec::read_workflow() does.
std::vector<FoundEnv> envs_of_project(const EnvChoice& choice);
// The chosen one. Throws a user Error, with the names, when there is no such one or no single one.
FoundEnv find_env(const EnvChoice& choice);

void add_env_prepare_command(CLI::App& env, Action& action);
void add_env_exec_commands(CLI::App& env, Action& action);     // exec, shell
void add_env_list_commands(CLI::App& env, Action& action);     // list, status
void add_env_package_commands(CLI::App& env, Action& action);  // diff, verify
void add_env_lock_command(CLI::App& env, Action& action);
void add_env_prereq_command(CLI::App& env, Action& action);

}  // namespace cntr::cli
