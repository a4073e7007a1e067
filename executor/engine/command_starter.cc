#include "engine/command_starter.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "base/environment.h"
#include "base/error.h"
#include "base/pipe.h"
#include "engine/command_runner.h"

namespace cntr::engine {
namespace {

constexpr const char* kShell = "/bin/sh";
constexpr int kCannotExecute = 126;  // POSIX 2.8.2
constexpr int kNotFound = 127;

UniqueFd open_null() {
  // open() takes the lowest number that is free.
  for (;;) {
    const int fd = open("/dev/null", O_RDWR);
    if (fd < 0) throw system_error("cannot open /dev/null", errno);
    if (fd <= STDERR_FILENO) continue;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    return UniqueFd(fd);
  }
}

bool is_current_directory(const std::string& path) {
  struct stat there;
  struct stat here;
  return stat(path.c_str(), &there) == 0 && stat(".", &here) == 0 && there.st_dev == here.st_dev &&
         there.st_ino == here.st_ino;
}

// As a shell sets it: the name by which the user came here, if that is true.
std::optional<std::string> logical_directory() {
  const std::optional<std::string> pwd = environment_variable("PWD");
  if (pwd && pwd->starts_with('/') && is_current_directory(*pwd)) return pwd;
  try {
    return current_directory();
  } catch (const Error&) {
    return std::nullopt;
  }
}

// The file that a shell would execute. nullopt when it may see more in the name, or complains.
std::optional<std::string> program_of(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  // bash, when it is /bin/sh, takes functions from the environment.
  if (std::getenv(("BASH_FUNC_" + name + "%%").c_str()) != nullptr) return std::nullopt;
  const std::optional<std::string> path = environment_variable("PATH");
  return path ? find_program(name, *path) : std::nullopt;
}

class FileActions {
 public:
  FileActions() { posix_spawn_file_actions_init(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }

  void duplicate(int from, int to) { posix_spawn_file_actions_adddup2(&actions_, from, to); }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

class SpawnAttributes {
 public:
  SpawnAttributes() { posix_spawnattr_init(&attributes_); }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  ~SpawnAttributes() { posix_spawnattr_destroy(&attributes_); }

  // A Ctrl-C of the terminal does not reach it, and a signal to the group all that it started.
  void own_process_group() { posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP); }
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

StartedCommand cannot_execute_shell(const std::string& command, int error) {
  const std::string problem = std::string("cannot start ") + kShell + ": " + std::strerror(error);
  StartedCommand failed;
  if (error == E2BIG) {
    failed.code = kCannotExecute;
    failed.problem = problem + " (the command has " + std::to_string(command.size()) +
                     " bytes; a response file, rspfile, may hold any number)\n";
  } else {
    failed.code = kNotFound;
    failed.problem = problem + "\n";
  }
  return failed;
}

bool is_lack_of_resources(int error) {
  return error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE;
}

}  // namespace

CommandStarter::CommandStarter() : null_(open_null()) {
  const std::optional<std::string> directory = logical_directory();
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (directory && std::string_view(*variable).starts_with("PWD=")) continue;
    environment_.push_back(*variable);
  }
  if (directory) {
    working_directory_ = "PWD=" + *directory;
    environment_.push_back(working_directory_.data());
  }
  environment_.push_back(nullptr);
}

StartedCommand CommandStarter::start(const std::string& command, bool console) {
  StartedCommand started;
  Pipe pipe;
  if (!console) pipe = make_pipe();
  const int output = pipe.write.get();
  if (!start_directly(command, output, started)) {
    const int error = spawn(kShell, {kShell, "-c", command}, output, started.pid);
    if (is_lack_of_resources(error)) throw system_error("cannot start a process", error);
    if (error != 0) return cannot_execute_shell(command, error);
  }
  started.output = std::move(pipe.read);
  return started;
}

// False when that did not work: then a shell does what is right, and says what is wrong.
bool CommandStarter::start_directly(const std::string& command, int output,
                                    StartedCommand& started) {
  const std::optional<std::vector<std::string>> words = direct_words(command);
  if (!words) return false;
  const std::optional<std::string> program = program_of(words->front());
  started.direct = program && spawn(*program, *words, output, started.pid) == 0;
  return started.direct;
}

// `output` is -1 for a console command. Returns an errno value, 0 when the program runs. It is
// posix_spawn because a fork of a process with a big graph costs more than most commands.
int CommandStarter::spawn(const std::string& program, const std::vector<std::string>& words,
                          int output, pid_t& pid) {
  FileActions actions;
  SpawnAttributes attributes;
  if (output >= 0) {
    actions.duplicate(null_.get(), STDIN_FILENO);
    actions.duplicate(output, STDOUT_FILENO);
    actions.duplicate(output, STDERR_FILENO);
    attributes.own_process_group();
  }
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  return posix_spawn(&pid, program.c_str(), actions.get(), attributes.get(), argv.data(),
                     environment_.data());
}

}  // namespace cntr::engine
