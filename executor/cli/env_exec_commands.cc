#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "base/error.h"
#include "base/process.h"
#include "base/text.h"
#include "build/env_identity.h"
#include "build/shown_env.h"
#include "cli/env_commands.h"
#include "cli/env_progress.h"
#include "cli/session.h"
#include "env/activation.h"
#include "env/environment.h"
#include "mount/private_view.h"

namespace cntr::cli {
namespace {

constexpr int kNotFound = 127;
constexpr int kNotExecutable = 126;

struct ExecOptions {
  EnvChoice choice;
  std::vector<std::string> command;
};

// Makes the environment be at its prefix for this process, whatever others have there. It stays
// there as long as this process, or one that it starts, has the lock open.
void put_at_prefix(const spec::Env& env, const std::string& image, store::Cache& cache) {
  const build::ShownEnv shown = build::show_env(env, image, cache, warnings());
  if (!mount::show_privately(shown.path(), env.prefix)) {
    throw environment_error("The environment " + env.name + " cannot be shown at " + env.prefix +
                                ": this user may not make a mount namespace here",
                            {"cntr doctor says what stands in the way."});
  }
  // Never closed: the program that this process becomes has it.
  if (fcntl(shown.lock_descriptor(), F_DUPFD, STDERR_FILENO + 1) < 0) {
    throw system_error("Cannot keep the environment " + env.name, errno);
  }
}

void set_variable(const std::string& name, const std::string& value) {
  if (setenv(name.c_str(), value.c_str(), 1) != 0) {
    throw system_error("Cannot set the variable " + name, errno);
  }
}

std::vector<std::string> activate(const spec::Env& env, const std::vector<std::string>& argv) {
  const env::Activation activation = env::activation_of(env.prefix, env.prefix);
  for (const auto& [name, value] : activation.variables) set_variable(name, value);
  set_variable("PATH", env::search_path_in(env.prefix, search_path()));
  return env::activated_command(activation.scripts, argv);
}

// Becomes the program: its exit code and signals are this process's.
int become(const std::vector<std::string>& argv) {
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  execvp(words.front(), words.data());
  const int error = errno;
  print_error("cntr: error: The program " + quote(argv.front()) +
              " cannot be started: " + strerror(error) + "\n");
  return error == ENOENT || error == ENOTDIR ? kNotFound : kNotExecutable;
}

// Before anything is mounted: showing what is done ends with it.
std::string image_of(const spec::Env& env, const spec::EnvIdentity& identity,
                     const store::Cache& cache) {
  EnvProgressLine line;
  return env::built_image(env, identity, cache, line.warnings(), line.progress());
}

int run_in_env(const EnvChoice& choice, const std::vector<std::string>& argv) {
  const FoundEnv found = find_env(choice);
  {
    store::Cache cache(store::Cache::default_root(), warnings());
    const spec::EnvIdentity identity = build::identity_of_unchanged_lock(found.spec_path);
    put_at_prefix(found.env, image_of(found.env, identity, cache), cache);
  }
  return become(activate(found.env, argv));
}

}  // namespace

void add_env_exec_commands(CLI::App& env, Action& action) {
  CLI::App* const exec = env.add_subcommand("exec", "Run a command in an environment");
  const auto options = std::make_shared<ExecOptions>();
  add_env_choice(*exec, options->choice);
  exec->add_option("command", options->command, "The command and its arguments, after --")
      ->required();
  exec->footer(
      "The environment is built when it is not, and mounted for the command alone.\n"
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
