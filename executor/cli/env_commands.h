// The subcommands of `cntr env`, each group in a file of its own.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cli/command.h"
#include "cli/host_env.h"
#include "spec/workflow.h"

namespace cntr::cli {

// Which environment a subcommand is about.
struct EnvChoice {
  std::string name;             // "" for the only one of the project
  std::string directory = ".";  // in or above the build tree
  std::string project;          // a lock, or a directory with one; "" for that of the build tree
};
// Adds the options --name and those of add_project_choice().
void add_env_choice(CLI::App& command, EnvChoice& choice);
// Adds the options --build and --directory.
void add_project_choice(CLI::App& command, EnvChoice& choice);

struct FoundEnv {
  spec::Env env;
  std::string spec_path;  // "" when no build declares it

  // Its prefix is this environment's alone, so that it can be mounted there for everyone.
  bool has_own_prefix() const { return spec_path.empty(); }
};
// What the lock says. Throws as env::identify() does.
spec::EnvIdentity identity_of(const FoundEnv& found);

// Where the environment of a directory is, or its lock; nullopt when it is a build tree's.
std::optional<std::string> env_directory(const EnvChoice& choice);

// All environments of the build tree, or the one of the directory. Where neither is named, and the
// current directory is not in a build tree, it is that directory's. Throws as spec::read_workflow()
// and env::env_at() do.
std::vector<FoundEnv> envs_of_project(const EnvChoice& choice);
// The chosen one. Throws a user Error, with the names, when there is no such one or no single one.
FoundEnv find_env(const EnvChoice& choice);

// `cntr env build` without a lock and an output: an environment of the project, into the cache.
int build_env_of_project(const EnvChoice& choice, bool dry_run, bool quiet);

// "1 package", "2 packages"
std::string counted(size_t count, const std::string& what);

// The environment at its prefix, built when it is not. Throws as env::built_image() does.
HostEnv host_env_of(const FoundEnv& found, store::Cache& cache);

void add_env_prepare_command(CLI::App& env, Action& action);
void add_env_exec_commands(CLI::App& env, Action& action);   // exec, shell
void add_env_mount_commands(CLI::App& env, Action& action);  // mount, umount, warm
void add_env_activate_commands(CLI::App& env, Action& action);
void add_env_init_command(CLI::App& env, Action& action);
void add_env_export_command(CLI::App& env, Action& action);
void add_env_registry_commands(CLI::App& env, Action& action);  // push, pull
void add_env_list_commands(CLI::App& env, Action& action);      // list, status
void add_env_package_commands(CLI::App& env, Action& action);   // diff, verify
void add_env_lock_command(CLI::App& env, Action& action);
void add_env_prereq_command(CLI::App& env, Action& action);

}  // namespace cntr::cli
