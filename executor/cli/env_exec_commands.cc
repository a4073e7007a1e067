#include <memory>

#include "base/environment.h"
#include "cli/env_commands.h"
#include "cli/env_progress.h"
#include "cli/host_env.h"
#include "cli/session.h"
#include "env/environment.h"

namespace cntr::cli {
namespace {

struct ExecOptions {
  EnvChoice choice;
  std::vector<std::string> command;
};

int run_in_env(const EnvChoice& choice, const std::vector<std::string>& argv) {
  const FoundEnv found = find_env(choice);
  HostEnv host;
  {
    store::Cache cache(store::Cache::default_root(), warnings());
    host = host_env_of(found, cache);
    if (found.has_own_prefix()) {
      show_to_everyone(host, cache);
    } else {
      show_to_this_process(host, cache);
    }
  }
  return become_in(host, argv);
}

}  // namespace

HostEnv host_env_of(const FoundEnv& found, store::Cache& cache) {
  EnvProgressLine line;
  const std::string image =
      env::built_image(found.env, identity_of(found), cache, line.warnings(), line.progress());
  return {found.env.name, image, found.env.prefix, found.env.prefix};
}

void add_env_exec_commands(CLI::App& env, Action& action) {
  CLI::App* const exec = env.add_subcommand("exec", "Run a command in an environment");
  const auto options = std::make_shared<ExecOptions>();
  add_env_choice(*exec, options->choice);
  exec->add_option("command", options->command, "The command and its arguments, after --")
      ->required();
  exec->footer(
      "The environment is built when it is not, and mounted as long as it is needed.\n"
      "Exit code and signals are the command's.\n"
      "Example: cntr env exec -C build -n tools -- python --version");
  exec->callback([&action, options] {
    action = [options] { return run_in_env(options->choice, options->command); };
  });

  CLI::App* const shell = env.add_subcommand("shell", "Open a shell in an environment");
  const auto choice = std::make_shared<EnvChoice>();
  add_env_choice(*shell, *choice);
  shell->footer("It is the one that SHELL names, else /bin/sh. Leave it to leave the environment.");
  shell->callback([&action, choice] {
    action = [choice] {
      return run_in_env(*choice, {environment_variable("SHELL").value_or("/bin/sh")});
    };
  });
}

}  // namespace cntr::cli
