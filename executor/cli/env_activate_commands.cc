#include <memory>

#include "cli/env_commands.h"
#include "cli/host_env.h"
#include "cli/session.h"

namespace cntr::cli {
namespace {

int print_activation(const EnvChoice& choice) {
  store::Cache cache(store::Cache::default_root(), warnings());
  const HostEnv host = host_env_of(find_env(choice), cache);
  const build::ShownEnv shown =
      build::show_env_at_prefix(env_at_point(host), host.image, cache, warnings());
  print(activation_script(host, shown));
  return kSuccess;
}

}  // namespace

void add_env_activate_commands(CLI::App& env, Action& action) {
  CLI::App* const activate =
      env.add_subcommand("activate", "Print what activates an environment in bash or zsh");
  const auto choice = std::make_shared<EnvChoice>();
  add_env_choice(*activate, *choice);
  activate->footer(
      "Example: eval \"$(cntr env activate -n tools)\"\n"
      "The environment is mounted at its prefix until the last shell has left it.\n"
      "Leave it with: eval \"$(cntr env deactivate)\"");
  activate->callback(
      [&action, choice] { action = [choice] { return print_activation(*choice); }; });

  CLI::App* const deactivate =
      env.add_subcommand("deactivate", "Print what leaves the active environment")->group("");
  deactivate->footer("Example: eval \"$(cntr env deactivate)\"");
  deactivate->callback([&action] {
    action = [] {
      print(deactivation_script());
      return kSuccess;
    };
  });

  struct Hold {
    int descriptor = -1;
    std::string prefix;
  };
  CLI::App* const hold = env.add_subcommand("hold", "Used by what `activate` prints")->group("");
  const auto held = std::make_shared<Hold>();
  hold->add_option("--descriptor", held->descriptor)->required();
  hold->add_option("prefix", held->prefix)->required();
  hold->callback([&action, held] {
    action = [held] { return hold_for_shell(held->descriptor, held->prefix); };
  });
}

}  // namespace cntr::cli
