// One function a subcommand of cntr, each in its own file.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "cli/exit_codes.h"

namespace cntr::cli {

// What the chosen subcommand does; returns the exit code.
using Action = std::function<int()>;

// Reads the words, and does what they say. The exit code.
inline int parse_and_run(CLI::App& app, int argc, char** argv, const Action& action) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& failure) {
    return app.exit(failure) == 0 ? kSuccess : kUserError;
  }
  return action();
}

void add_run_command(CLI::App& app, Action& action);
void add_check_command(CLI::App& app, Action& action);
void add_image_command(CLI::App& app, Action& action);
void add_env_command(CLI::App& app, Action& action);
void add_lock_options(CLI::App& command, Action& action);
void add_lock_command(CLI::App& app, Action& action);
void add_explain_command(CLI::App& app, Action& action);
void add_shell_command(CLI::App& app, Action& action);
void add_graph_command(CLI::App& app, Action& action);
void add_doctor_command(CLI::App& app, Action& action);
void add_cache_command(CLI::App& app, Action& action);

}  // namespace cntr::cli
