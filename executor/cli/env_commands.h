// The subcommands of `cntr env`, each group in a file of its own.
#pragma once

#include "cli/command.h"

namespace cntr::cli {

void add_env_prepare_command(CLI::App& env, Action& action);
void add_env_prereq_command(CLI::App& env, Action& action);

}  // namespace cntr::cli
