// One function a subcommand of cntr, each in its own file.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "cli/exit_codes.h"

namespace cntr::cli {

// What the chosen subcommand does; returns the exit code.
using Action = std::function<int()>;

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
