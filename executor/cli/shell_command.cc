#include <memory>

#include "base/file_system.h"
#include "cli/command.h"
#include "cli/session.h"

namespace cntr::cli {
namespace {

struct ShellOptions {
  std::string step;
  std::string directory = ".";
  std::vector<std::string> command;
};

int open_shell(const ShellOptions& options) {
  const std::string start = normal_path(options.directory, current_directory());
  const spec::Workflow workflow = spec::read_workflow(spec::find_workflow_directory(start));
  const FoundStep found = find_step(workflow, options.step);
  Session session;
  const std::vector<std::string> argv =
      options.command.empty() ? std::vector<std::string>{"/bin/sh"} : options.command;
  return session.steps().open_shell(found.step, argv).code;
}

}  // namespace

void add_shell_command(CLI::App& app, Action& action) {
  CLI::App* const command = app.add_subcommand("shell", "Open a shell in the sandbox of a step");
  const auto options = std::make_shared<ShellOptions>();
  command->add_option("step", options->step, "A step, or a file that a step makes")->required();
  command->add_option("command", options->command, "Run this instead of /bin/sh");
  command->add_option("-C,--build", options->directory, "The build directory")
      ->capture_default_str();
  command->footer(
      "After a failure it shows what the step left. Nothing that is done in it is kept.\n"
      "Example: cntr shell -C build monthly -- ls -l /build");
  command->callback([&action, options] { action = [options] { return open_shell(*options); }; });
}

}  // namespace cntr::cli
