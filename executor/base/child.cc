// vfork and exec, not posix_spawn: between the two the child asks for its parent-death signal and
// reports exactly why it could not start, which posix_spawn cannot. Not fork: copying the tables of
// this process's memory takes longer the more it has. The child makes only async-signal-safe calls
// and writes to no memory but its own part of the stack, which it shares with the waiting thread.
#include "base/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/error.h"
#include "base/process.h"

namespace cntr {
namespace {

using Stage = StartFailure::Stage;

[[noreturn]] void give_up(int status_fd, Stage stage) {
  const StartFailure failure{stage, errno};
  [[maybe_unused]] const ssize_t written = write(status_fd, &failure, sizeof failure);
  _exit(127);
}

void reset_signals() {
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) sigaction(number, &action, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void run_child(const Launch& launch, pid_t parent) {
  if (launch.own_process_group) setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have died before the request: then nobody will send the signal.
  if (getppid() != parent) give_up(launch.status, Stage::kParentGone);

  for (const auto& [from, to] : {std::pair{launch.input, STDIN_FILENO},
                                 {launch.output, STDOUT_FILENO},
                                 {launch.error, STDERR_FILENO},
                                 {launch.extra, Command::kExtraFd},
                                 {launch.lock, Command::kLockFd}}) {
    if (from >= 0 && dup2(from, to) < 0) give_up(launch.status, Stage::kDescriptors);
    if (from < 0 && to > STDERR_FILENO) close(to);
  }
  const int status = Command::kLockFd + 1;
  if (dup3(launch.status, status, O_CLOEXEC) < 0) give_up(launch.status, Stage::kDescriptors);
  closefrom(status + 1);

  if (launch.directory != nullptr && chdir(launch.directory) != 0) {
    give_up(status, Stage::kDirectory);
  }
  reset_signals();
  execve(launch.program.c_str(), launch.argv.data(), launch.environment.data());
  give_up(status, Stage::kExecute);
}

}  // namespace

Child::Child(const Launch& launch) : group_(launch.own_process_group) {
  const pid_t parent = getpid();
  // A handler of the caller must not run in the child, which shares its descriptors.
  sigset_t all;
  sigset_t old_mask;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old_mask);
  // NOLINTBEGIN(clang-analyzer-security.insecureAPI.vfork, clang-analyzer-unix.Vfork)
  const pid_t child = vfork();
  if (child == 0) run_child(launch, parent);
  // NOLINTEND(clang-analyzer-security.insecureAPI.vfork, clang-analyzer-unix.Vfork)
  const int error = errno;
  pid_ = child;
  pthread_sigmask(SIG_SETMASK, &old_mask, nullptr);
  if (pid_ < 0) throw system_error("cannot start a process", error);
  // Both sides set it, so that it is there for the first who needs it.
  if (group_) setpgid(pid_, pid_);
  // glibc 2.36 declares its wrapper without C linkage.
  pidfd_ = UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  if (!pidfd_.valid()) {
    const int pidfd_error = errno;
    reap();
    throw system_error("cannot watch a process", pidfd_error);
  }
}

Child::~Child() {
  if (pid_ > 0) reap();
}

void Child::send(int number) { kill(group_ ? -pid_ : pid_, number); }

int Child::finish(bool kill_group) {
  if (kill_group) send(SIGKILL);
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return status;
}

void Child::reap() {
  send(SIGKILL);
  finish(false);
}

}  // namespace cntr
