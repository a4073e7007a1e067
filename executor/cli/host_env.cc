#include "cli/host_env.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/environment.h"
#include "base/error.h"
#include "base/file_system.h"
#include "base/text.h"
#include "cli/console.h"
#include "env/activation.h"
#include "mount/mount.h"
#include "mount/private_view.h"

namespace cntr::cli {
namespace {

constexpr int kNotFound = 127;
constexpr int kNotExecutable = 126;

// Never closed: the program that this process becomes has it.
void keep_in_use(const build::ShownEnv& shown, const HostEnv& env) {
  if (fcntl(shown.lock_descriptor(), F_DUPFD, STDERR_FILENO + 1) < 0) {
    throw system_error("Cannot keep the environment " + env.name, errno);
  }
}

void set_variable(const std::string& name, const std::string& value) {
  if (setenv(name.c_str(), value.c_str(), 1) != 0) {
    throw system_error("Cannot set the variable " + name, errno);
  }
}

bool is_link(const std::string& path) {
  const auto stat = stat_link(path);
  return stat && stat->kind == FileKind::kSymlink;
}

}  // namespace

spec::Env env_at_point(const HostEnv& env) {
  spec::Env out;
  out.name = env.name;
  out.prefix = env.point;
  return out;
}

void show_to_this_process(const HostEnv& env, store::Cache& cache) {
  const build::ShownEnv shown = build::show_env(env_at_point(env), env.image, cache, warnings());
  if (!mount::show_privately(shown.path(), env.point)) {
    throw environment_error("The environment " + env.name + " cannot be shown at " + env.point +
                                ": this user may not make a mount namespace here",
                            {"cntr doctor says what stands in the way."});
  }
  keep_in_use(shown, env);
}

void show_to_everyone(const HostEnv& env, store::Cache& cache) {
  try {
    keep_in_use(build::show_env_at_prefix(env_at_point(env), env.image, cache, warnings()), env);
  } catch (const Error& error) {
    // Another user's, or one of another environment.
    if (error.kind() != ErrorKind::kEnvironment) throw;
    show_to_this_process(env, cache);
  }
}

int become_in(const HostEnv& env, const std::vector<std::string>& argv) {
  const env::Activation activation = env::activation_of(env.prefix, env.prefix);
  for (const auto& [name, value] : activation.variables) set_variable(name, value);
  set_variable("PATH", env::search_path_in(env.prefix, search_path()));
  const std::vector<std::string> command = env::activated_command(activation.scripts, argv);
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  execvp(words.front(), words.data());
  const int error = errno;
  print_error("cntr: error: The program " + quote(command.front()) +
              " cannot be started: " + strerror(error) + "\n");
  return error == ENOENT || error == ENOTDIR ? kNotFound : kNotExecutable;
}

bool put_up(const HostEnv& env, store::Cache& cache) {
  const bool was_there = is_link(env.point) || mount::is_mounted(env.point);
  const build::ShownEnv shown =
      build::show_env_at_prefix(env_at_point(env), env.image, cache, warnings());
  if (!is_link(env.point) && !mount::Mounts().pin(env.point)) {
    warnings()("root has mounted " + env.point + ", and unmounts it when nobody uses it");
  }
  return was_there;
}

bool take_down(const std::string& name, const std::string& point) {
  if (is_link(point)) {
    if (unlink(point.c_str()) != 0) throw system_error("Cannot remove " + point, errno);
    return true;
  }
  if (!mount::is_mounted(point)) return false;
  const std::vector<mount::Holder> holders = mount::Mounts().unmount(point);
  if (holders.empty()) return true;
  std::vector<std::string> notes;
  for (const mount::Holder& holder : holders) {
    notes.push_back("Process " + std::to_string(holder.pid) + " (" + printable(holder.command) +
                    ") uses it.");
  }
  throw environment_error("The environment " + name + " is in use at " + point, std::move(notes));
}

std::string holders_text(const std::vector<mount::Holder>& holders) {
  std::vector<std::string> words;
  for (const mount::Holder& holder : holders) {
    words.push_back(std::to_string(holder.pid) + " (" + printable(holder.command) + ")");
  }
  return join(words, ", ");
}

uint64_t warm_up(const std::string& file) {
  const UniqueFd fd = open_to_read(file);
  std::vector<char> buffer(1 << 20);
  uint64_t bytes = 0;
  for (;;) {
    const ssize_t count = read(fd.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error("Cannot read " + file, errno);
    if (count == 0) return bytes;
    bytes += static_cast<uint64_t>(count);
  }
}

}  // namespace cntr::cli
