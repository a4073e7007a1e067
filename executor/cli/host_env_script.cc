// How a shell activates and leaves an environment.
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "base/error.h"
#include "base/file_system.h"
#include "base/text.h"
#include "cli/console.h"
#include "cli/exit_codes.h"
#include "cli/host_env.h"
#include "cli/shell_script.h"
#include "env/activation.h"
#include "mount/mount.h"

namespace cntr::cli {
namespace {

// A shell that is loaded needs so long, at most, to evaluate what it was given.
constexpr std::chrono::seconds kTimeToEvaluate{30};

bool is_shell_name(const std::string& name) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

std::string opened_file(int descriptor) {
  return read_link("/proc/self/fd/" + std::to_string(descriptor));
}

// conda gives an environment in a folder of its own its path as its name; a shell's prompt shall
// say which one it is.
void name_it(env::Activation& activation, const std::string& name) {
  for (auto& [variable, value] : activation.variables) {
    if (variable == "CONDA_DEFAULT_ENV") value = name;
    if (variable == "CONDA_PROMPT_MODIFIER") value = "(" + name + ") ";
  }
}

// In the order of their names.
std::vector<std::string> scripts_in(const std::string& folder, const std::string& suffix) {
  const auto stat = stat_file(folder);
  if (!stat || stat->kind != FileKind::kDirectory) return {};
  std::vector<std::string> out;
  for (const std::string& name : list_directory(folder)) {
    if (name.ends_with(suffix)) out.push_back(folder + "/" + name);
  }
  return out;
}

bool is_held(int descriptor, const std::string& prefix) {
  return mount::hold(descriptor) && exists(prefix + "/conda-meta");
}

// Away from the shell's terminal, and under a name that tells people which shell it is for.
void become_holder(pid_t shell) {
  setsid();
  const UniqueFd nothing(open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    dup2(nothing.get(), descriptor);
  }
  const std::string name = "fish " + std::to_string(shell);
  prctl(PR_SET_NAME, name.c_str());
  if (chdir("/") != 0) _exit(kEnvironmentError);
}

void wait_for_end(int process) {
  struct pollfd end = {process, POLLIN, 0};
  while (poll(&end, 1, -1) < 0 && errno == EINTR) {
  }
}

}  // namespace

std::string activation_script(const HostEnv& env, const build::ShownEnv& shown, Shell shell) {
  env::Activation found = env::activation_of(env.prefix, env.prefix);
  name_it(found, env.name);
  for (const auto& [name, value] : found.variables) {
    if (!is_shell_name(name)) {
      throw user_error("The environment " + env.name + " sets the variable " + quote(name) +
                       ", which is no name that a shell can have");
    }
  }
  const std::string conda = env.prefix + "/etc/conda";
  const std::string suffix = shell == Shell::kFish ? ".fish" : ".sh";
  ShellActivation activation;
  activation.name = env.name;
  activation.prefix = env.prefix;
  activation.lock = opened_file(shown.lock_descriptor());
  activation.holder = parent_path(read_link("/proc/self/exe")) + "/cntr";
  activation.variables = found.variables;
  activation.scripts =
      shell == Shell::kFish ? scripts_in(conda + "/activate.d", suffix) : found.scripts;
  activation.scripts_of_leaving = scripts_in(conda + "/deactivate.d", suffix);
  std::reverse(activation.scripts_of_leaving.begin(), activation.scripts_of_leaving.end());
  mount::reserve(shown.lock_descriptor(), kTimeToEvaluate);
  return shell == Shell::kFish ? fish_activation(activation) : posix_activation(activation);
}

std::string deactivation_script(Shell shell) {
  return shell == Shell::kFish ? fish_deactivation() : posix_deactivation();
}

int hold_for_shell(int descriptor, const std::string& prefix) {
  return is_held(descriptor, prefix) ? kSuccess : kEnvironmentError;
}

int hold_while_shell_lives(pid_t shell, const std::string& lock, const std::string& prefix) {
  const UniqueFd use(open(lock.c_str(), O_RDONLY | O_CLOEXEC));
  const UniqueFd end(static_cast<int>(syscall(SYS_pidfd_open, shell, 0)));
  if (!use.valid() || !end.valid() || !is_held(use.get(), prefix)) return kEnvironmentError;
  const pid_t holder = fork();
  if (holder < 0) throw system_error("Cannot start a process", errno);
  if (holder == 0) {
    become_holder(shell);
    wait_for_end(end.get());
    _exit(kSuccess);
  }
  print(std::to_string(holder) + "\n");
  return kSuccess;
}

}  // namespace cntr::cli
