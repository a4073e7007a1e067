// cntr-supervisor: starts one command and sees to it that nothing of it stays behind. Its options:
// supervisor_options.h.
//
// Two processes. The front is the one that was started: it hands SIGTERM, SIGINT and SIGHUP on and
// ends as the command ends. The guardian, in a session of its own, is the parent of the command and
// the reaper of all its descendants, also of those that made themselves daemons. It learns from the
// closed socket that the front is gone, whatever killed it, and then kills everything. Nobody
// signals the guardian, so that it always comes to its end.
//
// Exit code: the command's; 125 when the supervisor itself failed, 126 and 127 as in a shell.
//
// Uses only the C and C++ libraries, linked statically: it is started once for each step.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "runner/supervisor_inputs.h"
#include "runner/supervisor_options.h"

namespace cntr::supervisor {
namespace {

constexpr int kCannotExecute = 126;
constexpr int kNotFound = 127;
constexpr int kStartPatience = 30'000;  // milliseconds
constexpr int kKillPatience = 10'000;   // for processes that SIGKILL does not end
constexpr int kEndPatience = 10;        // for those that end with the command
constexpr int kCleanupAttempts = 5;
constexpr unsigned kCleanupSeconds = 60;  // for one attempt

int64_t now_milliseconds() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000;
}

void write_file(const char* path, const std::string& text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    fail("cannot write ", path);
  }
  close(fd);
}

// A path for an option of the overlay: `,` `:` and `\` separate or escape there.
std::string overlay_escaped(const std::string& path) {
  std::string escaped;
  for (const char c : path) {
    if (c == ',' || c == ':' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

// Who is not root gets the right to mount from a user namespace in which all stay who they are.
void enter_mount_namespace() {
  const uid_t uid = geteuid();
  const gid_t gid = getegid();
  if (uid == 0) {
    if (unshare(CLONE_NEWNS) != 0) fail("cannot make a mount namespace");
  } else {
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) fail("cannot make a user namespace");
    write_file("/proc/self/setgroups", "deny");
    write_file("/proc/self/uid_map", std::to_string(uid) + " " + std::to_string(uid) + " 1");
    write_file("/proc/self/gid_map", std::to_string(gid) + " " + std::to_string(gid) + " 1");
  }
  if (mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) {
    fail("cannot make mounts private");
  }
}

void mount_overlay(const char* lower, const std::string& directory) {
  for (const char* name : {"", "/upper", "/work", "/root"}) {
    const std::string path = directory + name;
    if (mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) fail("cannot make ", path.c_str());
  }
  std::string data = "lowerdir=" + overlay_escaped(lower) +
                     ",upperdir=" + overlay_escaped(directory + "/upper") +
                     ",workdir=" + overlay_escaped(directory + "/work");
  if (geteuid() != 0) data += ",userxattr";
  const std::string root = directory + "/root";
  if (mount("overlay", root.c_str(), "overlay", 0, data.c_str()) != 0) {
    fail("cannot mount an overlay at ", root.c_str());
  }
}

[[noreturn]] void execute(char* const* command) {
  execvp(command[0], command);
  const int error = errno;
  fprintf(stderr, "cntr-supervisor: cannot start %s: %s\n", command[0], strerror(error));
  _exit(error == ENOENT || error == ENOTDIR ? kNotFound : kCannotExecute);
}

// Ends as the command did; its core dump is enough.
[[noreturn]] void end_like(int status) {
  if (WIFSIGNALED(status)) {
    const rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    const int number = WTERMSIG(status);
    signal(number, SIG_DFL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    sigprocmask(SIG_UNBLOCK, &set, nullptr);
    raise(number);
  }
  _exit(WEXITSTATUS(status));
}

// Makes the directories of the inputs mounts of their own. What is mounted there later appears also
// in the namespaces that have copies of them by then.
void share_input_directories(const Options& options, const InputList& inputs) {
  if (mkdir(options.input_directory, 0755) != 0 && errno != EEXIST) {
    fail("cannot make ", options.input_directory);
  }
  for (const char* directory : inputs.directories()) {
    const bool is_new = strcmp(directory, options.input_directory) == 0;
    const int made = is_new ? mount("tmpfs", directory, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755")
                            : mount(directory, directory, nullptr, MS_BIND, nullptr);
    if (made != 0 || mount(nullptr, directory, nullptr, MS_SHARED, nullptr) != 0) {
      fail("cannot make a mount of ", directory);
    }
  }
}

// With its sandbox, which is in its group but for a shell, whose group is the caller's.
void kill_command(pid_t command, bool terminal) {
  const pid_t group = getpgrp();
  if (!terminal && setpgid(0, getpgid(getppid())) == 0) kill(-group, SIGKILL);
  kill(command, SIGKILL);
  waitpid(command, nullptr, 0);
}

// Signals that the guardian hands on end this process, and the command with it.
void accept_handed_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGHUP}) sigaddset(&signals, number);
  sigprocmask(SIG_UNBLOCK, &signals, nullptr);
}

// The command copies the directories into a namespace of its own while they are empty, since it
// takes the longer the more mounts there are, and waits at the gate for their content.
[[noreturn]] void execute_with_inputs(const Options& options, const sigset_t& mask) {
  InputList inputs;
  if (!inputs.read(options.input_list)) fail("cannot read the list of inputs");
  share_input_directories(options, inputs);
  Gate gate;
  if (!gate.make()) fail("cannot make a pipe");
  const pid_t self = getpid();
  const pid_t command = fork();
  if (command < 0) fail("cannot fork");
  if (command == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != self) _exit(kOwnFailure);
    if (dup2(gate.reader(), options.gate) < 0 || fcntl(options.gate, F_SETFD, 0) != 0) {
      fail("cannot hand over a pipe");
    }
    sigprocmask(SIG_SETMASK, &mask, nullptr);
    execute(options.command);
  }
  accept_handed_signals();
  gate.close_reader();
  if (gate.wait_for_reader()) {
    unlink(options.gate_file);
    umask(0);
    if (const char* input = inputs.mount()) {
      const int error = errno;
      kill_command(command, options.terminal);  // before this process ends, which opens the gate
      errno = error;
      fail("cannot mount the input ", input);
    }
  }
  gate.open();
  int status = 0;
  while (waitpid(command, &status, 0) < 0 && errno == EINTR) {
  }
  end_like(status);
}

pid_t start_command(const Options& options, const sigset_t& mask) {
  const pid_t guardian = getpid();
  const pid_t pid = fork();
  if (pid < 0) fail("cannot fork");
  if (pid > 0) {
    // Both sides set it, so that it is there for the first signal.
    if (!options.terminal) setpgid(pid, pid);
    return pid;
  }
  if (!options.terminal) setpgid(0, 0);
  if (options.overlay_lower || options.input_directory || options.private_mounts) {
    enter_mount_namespace();
  }
  // After the namespace: a change of credentials takes the request back.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != guardian) _exit(kOwnFailure);
  if (options.overlay_lower) mount_overlay(options.overlay_lower, options.overlay_directory);
  if (options.input_directory) execute_with_inputs(options, mask);
  sigprocmask(SIG_SETMASK, &mask, nullptr);
  execute(options.command);
}

// The ids of this process's children: from the kernel's list where it has one, else from all
// processes of the machine.
std::vector<pid_t> children() {
  std::vector<pid_t> pids;
  const std::string self = std::to_string(getpid());
  if (FILE* list = fopen(("/proc/self/task/" + self + "/children").c_str(), "re")) {
    for (int pid = 0; fscanf(list, "%d", &pid) == 1;) pids.push_back(pid);
    fclose(list);
    return pids;
  }
  DIR* directory = opendir("/proc");
  while (const dirent* entry = directory ? readdir(directory) : nullptr) {
    FILE* status = fopen((std::string("/proc/") + entry->d_name + "/status").c_str(), "re");
    if (!status) continue;
    char line[256];
    int parent = 0;
    while (fgets(line, sizeof line, status) && sscanf(line, "PPid: %d", &parent) != 1) {
    }
    fclose(status);
    if (parent == getpid()) pids.push_back(atoi(entry->d_name));
  }
  if (directory) closedir(directory);
  return pids;
}

// The parent of the command and of all that it leaves behind.
class Guardian {
 public:
  Guardian(const Options& options, int front, const sigset_t& mask)
      : options_(options), front_(front) {
    if (!options.terminal) setsid();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (options.started_file) unlink(options.started_file);
    if (options.scratch_directory && mkdir(options.scratch_directory, 0700) != 0) {
      fail("cannot make ", options.scratch_directory);
    }
    if (options.link && symlink(options.link_target, options.link) != 0) {
      fail("cannot make ", options.link);
    }
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, nullptr);
    child_events_ = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    if (child_events_ < 0) fail("cannot watch for children");
    command_ = start_command(options, mask);
  }

  // Returns the command's wait status.
  int run() {
    while (!ended_) step();
    kill_all();
    if (interrupted_ || WIFSIGNALED(status_)) perform(options_.cleanup);
    perform(options_.finally);
    return status_;
  }

 private:
  void step() {
    wait_for_event(wanted_signal_ != 0 && !may_interrupt() ? 10 : -1);
    if (wanted_signal_ != 0 && !ended_ && may_interrupt()) {
      kill(options_.terminal ? command_ : -command_, signal_for_command());
      interrupted_ = true;
      wanted_signal_ = 0;
      if (front_ < 0) kill_all();
    }
  }

  void wait_for_event(int milliseconds) {
    pollfd polled[] = {{front_, POLLIN, 0}, {child_events_, POLLIN, 0}};
    if (poll(polled, 2, milliseconds) <= 0) return;
    if (polled[0].revents != 0) hear_front();
    if (polled[1].revents != 0) reap();
  }

  void hear_front() {
    int number = 0;
    if (recv(front_, &number, sizeof number, 0) != static_cast<ssize_t>(sizeof number)) {
      close(front_);
      front_ = -1;
      number = SIGKILL;
    }
    if (wanted_since_ == 0) wanted_since_ = now_milliseconds();
    wanted_signal_ = number;
  }

  int signal_for_command() const {
    const bool asks_to_end =
        wanted_signal_ == SIGTERM || wanted_signal_ == SIGINT || wanted_signal_ == SIGHUP;
    return asks_to_end && options_.stop_signal != 0 ? options_.stop_signal : wanted_signal_;
  }

  bool may_interrupt() const {
    struct stat info;
    return options_.started_file == nullptr ||
           (stat(options_.started_file, &info) == 0 && info.st_size > 0) ||
           now_milliseconds() - wanted_since_ > kStartPatience;
  }

  // False when there is no child left.
  bool reap() {
    signalfd_siginfo info;
    while (read(child_events_, &info, sizeof info) > 0) {
    }
    while (true) {
      int status = 0;
      const pid_t pid = waitpid(-1, &status, WNOHANG);
      if (pid <= 0) return pid == 0;
      if (pid == command_) {
        status_ = status;
        ended_ = true;
      }
    }
  }

  // Children of what is killed become children of this process, until none is left.
  void kill_all() {
    const int64_t give_up = now_milliseconds() + kKillPatience;
    // The first process of a sandbox ends a moment after bwrap: no need to look for it.
    if (reap()) wait_for_child(kEndPatience);
    while (reap()) {
      for (const pid_t pid : children()) kill(pid, SIGKILL);
      if (now_milliseconds() > give_up) {
        fputs("cntr-supervisor: some processes of the command could not be killed\n", stderr);
        ended_ = true;
        return;
      }
      wait_for_child(20);
    }
  }

  void wait_for_child(int milliseconds) const {
    pollfd polled = {child_events_, POLLIN, 0};
    poll(&polled, 1, milliseconds);
  }

  // Until it succeeds; nothing of it is left either.
  void perform(const std::vector<char*>& command) {
    if (command.empty()) return;
    for (int attempt = 0; attempt < kCleanupAttempts; ++attempt) {
      if (attempt > 0) usleep(200'000);
      const pid_t pid = fork();
      if (pid == 0) {
        const int null = open("/dev/null", O_RDWR);
        for (int fd = 0; fd <= 2; ++fd) dup2(null, fd);
        alarm(kCleanupSeconds);
        execvp(command[0], command.data());
        _exit(kNotFound);
      }
      int status = -1;
      if (pid > 0 && waitpid(pid, &status, 0) == pid && status == 0) break;
    }
    kill_all();
  }

  const Options& options_;
  int front_;
  int child_events_ = -1;
  pid_t command_ = -1;
  bool ended_ = false;
  int status_ = kOwnFailure << 8;
  bool interrupted_ = false;
  int wanted_signal_ = 0;  // to be sent to the command
  int64_t wanted_since_ = 0;
};

// Hands signals on until the guardian tells how the command ended.
[[noreturn]] void be_front(int guardian, const sigset_t& signals, bool terminal) {
  const int events = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  if (events < 0) fail("cannot watch for signals");
  while (true) {
    pollfd polled[] = {{guardian, POLLIN, 0}, {events, POLLIN, 0}};
    if (poll(polled, 2, -1) < 0 && errno != EINTR) fail("cannot wait");
    if (polled[1].revents != 0) {
      signalfd_siginfo info;
      if (read(events, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
        const int number = static_cast<int>(info.ssi_signo);
        // At a terminal the command gets Ctrl-C and Ctrl-\ itself.
        const bool typed = terminal && (number == SIGINT || number == SIGQUIT);
        if (!typed) send(guardian, &number, sizeof number, MSG_NOSIGNAL);
      }
    }
    if (polled[0].revents != 0) {
      int status = 0;
      if (recv(guardian, &status, sizeof status, 0) == static_cast<ssize_t>(sizeof status)) {
        end_like(status);
      }
      // The guardian has said why, or was killed.
      _exit(kOwnFailure);
    }
  }
}

[[noreturn]] void supervise(const Options& options) {
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0) {
    fail("cannot make a socket pair");
  }
  sigset_t signals;
  sigset_t old_mask;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGQUIT}) sigaddset(&signals, number);
  sigprocmask(SIG_BLOCK, &signals, &old_mask);
  const pid_t pid = fork();
  if (pid < 0) fail("cannot fork");
  if (pid > 0) {
    close(sockets[1]);
    be_front(sockets[0], signals, options.terminal);
  }
  close(sockets[0]);
  Guardian guardian(options, sockets[1], old_mask);
  const int status = guardian.run();
  send(sockets[1], &status, sizeof status, MSG_NOSIGNAL);
  _exit(0);
}

}  // namespace
}  // namespace cntr::supervisor

int main(int argc, char** argv) {
  cntr::supervisor::supervise(cntr::supervisor::parse_options(argc, argv));
}
