#include <memory>

#include "base/build_tool.h"
#include "cli/command.h"
#include "cli/session.h"
#include "cli/step_commands.h"

namespace cntr::cli {
namespace {

struct RunOptions {
  std::string spec;
  bool verbose = false;
  bool die_with_parent = false;
};

int run(const RunOptions& options) {
  const spec::Step step = spec::read_step(options.spec);
  const Console console = standard_console();
  Session session(console,
                  options.die_with_parent ? build_tool_processes() : std::vector<UniqueFd>());
  return run_step(step, session, console, options.verbose);
}

}  // namespace

void add_run_command(CLI::App& app, Action& action) {
  CLI::App* const command = app.add_subcommand("run", "Run one step, unless its result is known");
  const auto options = std::make_shared<RunOptions>();
  command->add_option("spec", options->spec, "The step's spec: <build>/cntr/steps/<name>.yaml")
      ->required();
  command->add_flag("-v,--verbose", options->verbose, "Say what was done and why");
  command->add_flag("--die-with-parent", options->die_with_parent,
                    "End when the build tool that started it dies");
  command->footer("Outputs whose bytes do not change are not touched. docs/reference/commands.md");
  command->callback([&action, options] { action = [options] { return run(*options); }; });
}

}  // namespace cntr::cli
