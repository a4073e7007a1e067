#include <memory>

#include "cli/command.h"
#include "cli/step_commands.h"

namespace cntr::cli {

void add_check_command(CLI::App& app, Action& action) {
  CLI::App* const command =
      app.add_subcommand("check", "Tell Ninja and Make which steps to look at again");
  const auto directory = std::make_shared<std::string>();
  command->add_option("directory", *directory, "<build>/cntr")->required();
  command->footer(
      "Started at the beginning of every build. It compares what steps read and made\n"
      "with what is there now, and makes the stamp of a step newer where anything\n"
      "differs.");
  command->callback(
      [&action, directory] { action = [directory] { return check_steps(*directory); }; });
}

}  // namespace cntr::cli
