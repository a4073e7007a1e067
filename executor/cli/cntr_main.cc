// The cntr program: finds the subcommand, runs it, and turns an Error into a message and a code.
#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.h"
#include "cli/command.h"
#include "cli/console.h"

namespace cntr::cli {
namespace {

struct Subcommand {
  std::string_view name;
  void (*add)(CLI::App& app, Action& action);
};

// In the order of the help.
constexpr std::array kSubcommands{
    Subcommand{"run", add_run_command},     Subcommand{"explain", add_explain_command},
    Subcommand{"shell", add_shell_command}, Subcommand{"graph", add_graph_command},
    Subcommand{"check", add_check_command}, Subcommand{"image", add_image_command},
    Subcommand{"env", add_env_command},     Subcommand{"lock", add_lock_command},
    Subcommand{"cache", add_cache_command}, Subcommand{"doctor", add_doctor_command},
};

// All that the command line can be about: making the options of the others takes longer than what a
// hit needs.
void add_subcommands(CLI::App& app, Action& action, std::string_view first_word) {
  const auto* const named = std::find_if(kSubcommands.begin(), kSubcommands.end(),
                                         [&](const Subcommand& s) { return s.name == first_word; });
  if (named != kSubcommands.end()) return named->add(app, action);
  for (const Subcommand& subcommand : kSubcommands) subcommand.add(app, action);
}

// What is wrong with the command line, and whose help says how it is right.
std::string misuse(const CLI::App* app, const CLI::Error& failure) {
  const CLI::App* chosen = app;
  std::string name = "cntr";
  while (!chosen->get_subcommands().empty()) {
    chosen = chosen->get_subcommands().front();
    name += " " + chosen->get_name();
  }
  std::string message = failure.what();
  const std::vector<std::string> unknown = app->remaining(true);
  if (chosen->get_require_subcommand_min() > 0 && !unknown.empty()) {
    const bool is_option = unknown.front().starts_with("-");
    message = (is_option ? "There is no option " : "There is no command ") + quote(unknown.front());
  }
  return "cntr: error: " + message + "\n  " + name + " --help shows how it is used.\n";
}

int run(int argc, char** argv) {
  CLI::App app("Containers and conda environments as steps of a CMake build.", "cntr");
  app.set_version_flag("--version", CNTR_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 done, 1 a step failed, 2 the project or the command line is wrong,\n"
      "3 the machine is wrong, 4 a bug in Cntr, 130 interrupted.");
  app.failure_message(misuse);
  Action action;
  add_subcommands(app, action, argc > 1 ? argv[1] : "");
  return parse_and_run(app, argc, argv, action);
}

}  // namespace
}  // namespace cntr::cli

int main(int argc, char** argv) {
  return cntr::cli::guarded(cntr::cli::standard_console(),
                            [&] { return cntr::cli::run(argc, argv); });
}
