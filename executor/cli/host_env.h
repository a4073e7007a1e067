// A conda environment on this host: at its prefix, for a command or for shells.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "build/shown_env.h"
#include "spec/spec.h"
#include "store/cache.h"

namespace cntr::cli {

struct HostEnv {
  std::string name;    // for people
  std::string image;   // its squashfs file
  std::string point;   // where that is to be seen
  std::string prefix;  // the environment's: the point, or below it
};

// The same as a declaration, for layers that know environments by these.
spec::Env env_at_point(const HostEnv& env);

// Makes the environment be at its point for this process alone, whatever others have there. For a
// process that then becomes another: the environment stays there as long as that, or one that it
// starts, lives. Throws an environment Error where this user may not do that.
void show_to_this_process(const HostEnv& env, store::Cache& cache);

// Makes it be at its point for everyone, and in use until the end of this process and of those that
// it starts; or, where that cannot be, for this process alone.
void show_to_everyone(const HostEnv& env, store::Cache& cache);

// Becomes the command, in the environment, which is at its prefix: exit code and signals are this
// process's. Returns the exit code when there is no such program.
int become_in(const HostEnv& env, const std::vector<std::string>& argv);

enum class Shell { kPosix, kFish };  // kPosix: bash and zsh

// What the shell evaluates to activate the environment, which is at its prefix in use by `shown`,
// and to define the function cntr_deactivate. The shell itself, and what it starts, is then a user
// of the environment; of fish, the shell alone. Reserves it until then. Throws a user Error for
// variables of the environment that no shell can have.
std::string activation_script(const HostEnv& env, const build::ShownEnv& shown, Shell shell);
// What it evaluates to leave the environment again.
std::string deactivation_script(Shell shell);

// These are called by the scripts, and give exit codes. The first makes a shell's descriptor a user
// of the environment; the second starts a process, prints its id, that is a user as long as it and
// the shell live.
int hold_for_shell(int descriptor, const std::string& prefix);
int hold_while_shell_lives(pid_t shell, const std::string& lock, const std::string& prefix);

// Mounts it until take_down(). Prints nothing. Returns whether it was there before.
bool put_up(const HostEnv& env, store::Cache& cache);
// Throws an environment Error that names those who use it. False when it is not there.
bool take_down(const std::string& name, const std::string& point);

// "123 (python), 456 (bash)"
std::string holders_text(const std::vector<mount::Holder>& holders);

// Reads the file once, so that it is in the page cache. Returns its size in bytes.
uint64_t warm_up(const std::string& file);

}  // namespace cntr::cli
