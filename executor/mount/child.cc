#include "mount/child.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/error.h"
#include "base/file_system.h"
#include "base/process.h"

namespace cntr::mount {
namespace {

constexpr size_t kMostError = 4096;
constexpr int kClearOfPassed = 32;  // no descriptor that is passed has such a number in the child

UniqueFd duplicate_above(int fd) {
  UniqueFd high(fcntl(fd, F_DUPFD_CLOEXEC, kClearOfPassed));
  if (!high.valid()) throw system_error("Cannot duplicate a descriptor", errno);
  return high;
}

// What posix_spawn() is told.
class Plan {
 public:
  Plan() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
    sigset_t set;
    sigemptyset(&set);
    posix_spawnattr_setsigmask(&attributes_, &set);
    sigfillset(&set);
    posix_spawnattr_setsigdefault(&attributes_, &set);
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  }
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;
  ~Plan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }

  void open_null(int fd, int mode) {
    posix_spawn_file_actions_addopen(&actions_, fd, "/dev/null", mode, 0);
  }
  void pass(int fd, int as) { posix_spawn_file_actions_adddup2(&actions_, fd, as); }
  void close_from(int fd) { posix_spawn_file_actions_addclosefrom_np(&actions_, fd); }

  pid_t start(const std::vector<std::string>& argv) const {
    std::vector<char*> words;
    for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    std::string path = "PATH=" + search_path();
    std::string locale = "LC_ALL=C";
    std::array<char*, 3> environment{path.data(), locale.data(), nullptr};
    pid_t pid = -1;
    const int error = posix_spawn(&pid, argv[0].c_str(), &actions_, &attributes_, words.data(),
                                  environment.data());
    if (error != 0) throw system_error("Cannot start " + argv[0], error);
    return pid;
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

std::string read_to_end(const UniqueFd& pipe) {
  std::string text;
  std::array<char, kMostError> buffer;
  for (;;) {
    const ssize_t size = read(pipe.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return text;
    text.append(buffer.data(), static_cast<size_t>(size));
    if (text.size() > kMostError) text.resize(kMostError);
  }
}

int wait_for(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return 0;  // somebody else in this process has waited for it
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

ChildResult run_child(const std::vector<std::string>& argv, const std::vector<int>& passed) {
  std::array<int, 2> ends;
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw system_error("Cannot make a pipe", errno);
  const UniqueFd reader(ends[0]);
  UniqueFd low_writer(ends[1]);
  UniqueFd writer = duplicate_above(low_writer.get());
  low_writer.reset();

  Plan plan;
  std::vector<UniqueFd> sources;
  int next = kFirstPassedFd;
  for (const int fd : passed) sources.push_back(duplicate_above(fd));
  plan.open_null(STDIN_FILENO, O_RDONLY);
  plan.open_null(STDOUT_FILENO, O_WRONLY);
  plan.pass(writer.get(), STDERR_FILENO);
  for (const UniqueFd& source : sources) plan.pass(source.get(), next++);
  plan.close_from(next);

  const pid_t pid = plan.start(argv);
  writer.reset();
  ChildResult result;
  result.error = read_to_end(reader);
  result.code = wait_for(pid);
  return result;
}

}  // namespace cntr::mount
