// One function a subcommand of cntr, each in its own file.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace cntr::cli {

// What the chosen subcommand does; returns the exit code.
using Action = std::function<int()>;

void add_run_command(CLI::App& app, Action& action);
void add_check_command(CLI::App& app, Action& action);
void add_image_command(CLI::App& app, Action& action);
void add_lock_options(CLI::App& command, Action& action);
void add_lock_command(CLI::App& app, Action& action);
void add_explain_command(CLI::App& app, Action& action);
void add_shell_command(CLI::App& app, Action& action);
void add_graph_command(CLI::App& app, Action& action);
void add_doctor_command(CLI::App& app, Action& action);
void add_cache_command(CLI::App& app, Action& action);

// Exit codes (docs/reference/commands.md).
inline constexpr int kSuccess = 0;
inline constexpr int kStepFailed = 1;
inline constexpr int kUserError = 2;
inline constexpr int kEnvironmentError = 3;
inline constexpr int kInternalError = 4;
inline constexpr int kInterrupted = 130;

}  // namespace cntr::cli
