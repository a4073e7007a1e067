#include <memory>

#include "cli/env_commands.h"
#include "cli/host_env.h"
#include "cli/session.h"

namespace cntr::cli {
namespace {

struct ActivateOptions {
  EnvChoice choice;
  std::string shell = "bash";

  Shell syntax() const { return shell == "fish" ? Shell::kFish : Shell::kPosix; }
};

int print_activation(const ActivateOptions& options) {
  store::Cache cache(store::Cache::default_root(), warnings());
  const HostEnv host = host_env_of(find_env(options.choice), cache);
  const build::ShownEnv shown =
      build::show_env_at_prefix(env_at_point(host), host.image, cache, warnings());
  print(activation_script(host, shown, options.syntax()));
  return kSuccess;
}

void add_shell_option(CLI::App& command, std::string& shell) {
  command.add_option("--shell", shell, "Which one evaluates it: bash, zsh or fish")
      ->check(CLI::IsMember({"bash", "zsh", "fish"}))
      ->capture_default_str();
}

void add_activate_command(CLI::App& env, Action& action) {
  CLI::App* const activate =
      env.add_subcommand("activate", "Print what activates it in bash, zsh or fish");
  const auto options = std::make_shared<ActivateOptions>();
  add_env_choice(*activate, options->choice);
  add_shell_option(*activate, options->shell);
  activate->footer(
      "Example: eval \"$(cntr env activate -n tools)\"\n"
      "In fish: cntr env activate --shell fish -n tools | source\n"
      "The environment is mounted at its prefix until the last shell has left it.\n"
      "Leave it with: cntr_deactivate, or eval \"$(cntr env deactivate)\"");
  activate->callback(
      [&action, options] { action = [options] { return print_activation(*options); }; });
}

void add_deactivate_command(CLI::App& env, Action& action) {
  CLI::App* const deactivate =
      env.add_subcommand("deactivate", "Print what leaves the active environment")->group("");
  const auto options = std::make_shared<ActivateOptions>();
  add_shell_option(*deactivate, options->shell);
  deactivate->footer(
      "Example: eval \"$(cntr env deactivate)\"\n"
      "In fish: cntr env deactivate --shell fish | source");
  deactivate->callback([&action, options] {
    action = [options] {
      print(deactivation_script(options->syntax()));
      return kSuccess;
    };
  });
}

void add_hold_command(CLI::App& env, Action& action) {
  struct Hold {
    int descriptor = -1;
    pid_t shell = 0;
    std::string lock;
    std::string prefix;
  };
  CLI::App* const hold = env.add_subcommand("hold", "Used by what `activate` prints")->group("");
  const auto held = std::make_shared<Hold>();
  CLI::Option* const descriptor = hold->add_option("--descriptor", held->descriptor);
  CLI::Option* const lock = hold->add_option("--lock", held->lock)->excludes(descriptor);
  hold->add_option("--shell", held->shell)->needs(lock);
  hold->add_option("prefix", held->prefix)->required();
  hold->callback([&action, held] {
    action = [held] {
      return held->lock.empty() ? hold_for_shell(held->descriptor, held->prefix)
                                : hold_while_shell_lives(held->shell, held->lock, held->prefix);
    };
  });
}

}  // namespace

void add_env_activate_commands(CLI::App& env, Action& action) {
  add_activate_command(env, action);
  add_deactivate_command(env, action);
  add_hold_command(env, action);
}

}  // namespace cntr::cli
