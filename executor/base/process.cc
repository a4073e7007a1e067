// fork and exec, not posix_spawn: between the two the child asks for its parent-death signal and
// reports exactly why it could not start, which posix_spawn cannot. Callers that have threads are
// safe, since the child makes only async-signal-safe calls and all memory is allocated before.
#include "base/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace cntr {
namespace {

using SteadyClock = std::chrono::steady_clock;
using TimePoint = SteadyClock::time_point;

constexpr auto kGrace = std::chrono::seconds(2);   // between SIGTERM and SIGKILL
constexpr auto kLinger = std::chrono::seconds(1);  // for pipes that others hold after the end
constexpr int kFirstOwnFd = 10;  // the parent's ends stay clear of the numbers the child dup2s to

// With a number that no dup2() in the child overwrites.
UniqueFd duplicate_above(int low) {
  UniqueFd high(fcntl(low, F_DUPFD_CLOEXEC, kFirstOwnFd));
  if (!high.valid()) throw system_error("cannot duplicate a descriptor", errno);
  return high;
}

UniqueFd moved_up(UniqueFd low) { return duplicate_above(low.get()); }

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Pipe make_pipe() {
  std::array<int, 2> fds;
  if (pipe2(fds.data(), O_CLOEXEC) != 0) throw system_error("cannot make a pipe", errno);
  UniqueFd read_end(fds[0]);
  UniqueFd write_end(fds[1]);
  return {moved_up(std::move(read_end)), moved_up(std::move(write_end))};
}

UniqueFd memory_file(std::string_view content) {
  UniqueFd fd(memfd_create("cntr", MFD_CLOEXEC));
  if (!fd.valid()) throw system_error("cannot make a memory file", errno);
  write_all(fd.get(), content, "memory file");
  if (lseek(fd.get(), 0, SEEK_SET) != 0) throw system_error("cannot rewind a memory file", errno);
  return moved_up(std::move(fd));
}

// The signals that end the caller, blocked and readable through a descriptor. Those that it
// ignores (nohup) stay as they are.
class InterruptSignals {
 public:
  explicit InterruptSignals(bool terminal) {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) add_unless_ignored(set, number);
    if (terminal) add_unless_ignored(set, SIGQUIT);
    pthread_sigmask(SIG_BLOCK, &set, &old_mask_);
    fd_ = UniqueFd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd_.valid()) {
      const int error = errno;
      restore();
      throw system_error("cannot watch for signals", error);
    }
  }
  InterruptSignals(const InterruptSignals&) = delete;
  InterruptSignals& operator=(const InterruptSignals&) = delete;
  ~InterruptSignals() { restore(); }

  int fd() const { return fd_.get(); }

  // The next one, 0 when there is none.
  int take() {
    signalfd_siginfo info;
    if (read(fd_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return 0;
    return static_cast<int>(info.ssi_signo);
  }

 private:
  static void add_unless_ignored(sigset_t& set, int number) {
    struct sigaction action;
    if (sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) return;
    sigaddset(&set, number);
  }
  void restore() { pthread_sigmask(SIG_SETMASK, &old_mask_, nullptr); }

  sigset_t old_mask_;
  UniqueFd fd_;
};

enum class Stage { kParentGone, kDescriptors, kDirectory, kExecute };

struct StartFailure {
  Stage stage = Stage::kExecute;
  int error = 0;
};

// All that the child needs, as it needs it: nothing is allocated after fork().
struct Launch {
  std::string program;
  std::vector<char*> argv;
  std::vector<char*> environment;
  const char* directory = nullptr;
  bool own_process_group = true;
  int input = -1;  // -1: keep the caller's
  int output = -1;
  int error = -1;
  int extra = -1;
  int lock = -1;
  int status = -1;
};

std::vector<char*> pointers_to(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& s : strings) pointers.push_back(const_cast<char*>(s.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

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

Error start_error(const Command& command, const std::string& program, const StartFailure& failure) {
  const std::string name = quote(command.argv[0]);
  if (failure.stage == Stage::kDirectory) {
    return system_error("cannot start " + name + " in " + quote(command.directory), failure.error);
  }
  Error error = system_error("cannot start " + name, failure.error);
  if (failure.stage == Stage::kExecute && failure.error == ENOENT && exists(program)) {
    return environment_error(error.message(), {"The file exists; its interpreter does not."});
  }
  return error;
}

// A started child. Until finish() it is killed, with its group, by the destructor.
class Child {
 public:
  explicit Child(const Launch& launch) : group_(launch.own_process_group) {
    const pid_t parent = getpid();
    // A handler of the caller must not run in the child, which shares its descriptors.
    sigset_t all;
    sigset_t old_mask;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old_mask);
    pid_ = fork();
    if (pid_ == 0) run_child(launch, parent);
    const int error = errno;
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
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ > 0) reap();
  }

  int pidfd() const { return pidfd_.get(); }

  void send(int number) { kill(group_ ? -pid_ : pid_, number); }

  // After pidfd() has become readable. What is left of the group is killed first, when asked for,
  // while the zombie still keeps the number from being used again.
  int finish(bool kill_group) {
    if (kill_group) send(SIGKILL);
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }

 private:
  void reap() {
    send(SIGKILL);
    finish(false);
  }

  pid_t pid_ = -1;
  bool group_;
  UniqueFd pidfd_;
};

// A pipe that the child writes to, and who gets what comes out.
struct Stream {
  UniqueFd fd;
  const OutputSink* sink = nullptr;

  // One read; at the end of the pipe it closes.
  void take() {
    std::array<char, 65536> buffer;
    const ssize_t size = read(fd.get(), buffer.data(), buffer.size());
    if (size > 0) {
      if (*sink) (*sink)(std::string_view(buffer.data(), static_cast<size_t>(size)));
    } else if (size == 0 || (errno != EINTR && errno != EAGAIN)) {
      fd.reset();
    }
  }
};

// Waits for one child: its output, its end, the time limit, signals.
class Watch {
 public:
  Watch(Child& child, InterruptSignals& signals, const RunLimits& limits, bool terminal,
        std::vector<Stream> streams)
      : child_(child), signals_(signals), terminal_(terminal), streams_(std::move(streams)) {
    if (limits.timeout) timeout_at_ = SteadyClock::now() + *limits.timeout;
    end_with_ = limits.end_with;
  }

  ExitStatus run() {
    while (!done()) step();
    return status_;
  }

 private:
  bool pipes_open() const {
    return std::any_of(streams_.begin(), streams_.end(),
                       [](const Stream& s) { return s.fd.valid(); });
  }

  bool done() const { return ended_ && (!pipes_open() || SteadyClock::now() >= *linger_until_); }

  void step() {
    std::vector<pollfd> polled{{signals_.fd(), POLLIN, 0},
                               {ended_ ? -1 : child_.pidfd(), POLLIN, 0}};
    for (const Stream& s : streams_) polled.push_back({s.fd.get(), POLLIN, 0});
    const size_t first_master = polled.size();
    for (const int pidfd : end_with_) polled.push_back({pidfd, POLLIN, 0});
    const int ready = poll(polled.data(), polled.size(), wait_milliseconds());
    if (ready < 0 && errno != EINTR) throw system_error("cannot wait for a process", errno);
    if (ready > 0) {
      for (size_t i = 0; i < streams_.size(); ++i) {
        if (polled[i + 2].revents != 0) streams_[i].take();
      }
      if (polled[0].revents != 0) take_signals();
      if (std::any_of(polled.begin() + static_cast<ptrdiff_t>(first_master), polled.end(),
                      [](const pollfd& p) { return p.revents != 0; })) {
        end_with_.clear();
        interrupt();
      }
      if (polled[1].revents != 0) take_end();
    }
    take_time();
  }

  int wait_milliseconds() const {
    std::optional<TimePoint> next;
    for (const auto& time : {timeout_at_, kill_at_, linger_until_}) {
      if (time && (!next || *time < *next)) next = time;
    }
    if (!next) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next - SteadyClock::now());
    return static_cast<int>(std::clamp<int64_t>(left.count(), 0, 3'600'000));
  }

  void take_signals() {
    while (const int number = signals_.take()) {
      // At a shared terminal Ctrl-C is for the program that runs there.
      if (terminal_ && (number == SIGINT || number == SIGQUIT)) continue;
      if (!ended_ && status_.interrupted) child_.send(SIGKILL);  // asked twice
      interrupt();
    }
  }

  void interrupt() {
    status_.interrupted = true;
    if (!ended_) terminate();
  }

  void terminate() {
    if (kill_at_) return;
    kill_at_ = SteadyClock::now() + kGrace;
    terminated_ = true;
    child_.send(SIGTERM);
    child_.send(SIGCONT);  // a stopped process could not react
  }

  void take_time() {
    if (ended_) return;
    const TimePoint now = SteadyClock::now();
    if (timeout_at_ && now >= *timeout_at_) {
      timeout_at_.reset();
      status_.timed_out = true;
      terminate();
    }
    if (kill_at_ && now >= *kill_at_) {
      kill_at_ = now + kGrace;
      child_.send(SIGKILL);
    }
  }

  void take_end() {
    const int status = child_.finish(terminated_);
    ended_ = true;
    timeout_at_.reset();
    kill_at_.reset();
    linger_until_ = SteadyClock::now() + kLinger;
    status_.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    status_.code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }

  Child& child_;
  InterruptSignals& signals_;
  bool terminal_;
  std::vector<Stream> streams_;
  std::vector<int> end_with_;
  std::optional<TimePoint> timeout_at_;
  std::optional<TimePoint> kill_at_;
  std::optional<TimePoint> linger_until_;
  bool terminated_ = false;
  bool ended_ = false;
  ExitStatus status_;
};

// Where argv[0] is: absolute when PATH decided, since the child may change its directory.
std::string program_of(const Command& command) {
  if (command.argv.empty()) throw internal_error("a command without a program");
  const std::string& name = command.argv[0];
  if (name.find('/') != std::string::npos) return name;
  const std::optional<std::string> found = find_program(name, search_path());
  if (!found) {
    throw environment_error("cannot start " + quote(name) + ": no such program",
                            {"It is looked for in PATH, which is " + quote(search_path()) + "."});
  }
  return found->front() == '/' ? *found : current_directory() + "/" + *found;
}

// Waits until the child has executed its program. Throws when it could not.
void check_started(UniqueFd status, const Command& command, const std::string& program) {
  StartFailure failure;
  ssize_t size;
  do {
    size = read(status.get(), &failure, sizeof failure);
  } while (size < 0 && errno == EINTR);
  if (size == static_cast<ssize_t>(sizeof failure)) throw start_error(command, program, failure);
}

std::vector<std::string> current_environment() {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    variables.emplace_back(*variable);
  }
  return variables;
}

}  // namespace

ExitStatus run_process(const Command& command, const RunLimits& limits, const OutputSink& out,
                       const OutputSink& err) {
  const bool terminal = command.inherit_terminal;
  Launch launch;
  launch.program = program_of(command);
  launch.argv = pointers_to(command.argv);
  launch.environment = pointers_to(command.environment);
  if (!command.directory.empty()) launch.directory = command.directory.c_str();
  // A shell must be in the terminal's foreground group, where its caller is.
  launch.own_process_group = command.own_process_group && !terminal;

  UniqueFd input;
  UniqueFd extra;
  UniqueFd lock;
  Pipe out_pipe;
  Pipe err_pipe;
  std::vector<Stream> streams;
  if (!terminal) {
    const std::string path = command.input_path.empty() ? "/dev/null" : command.input_path;
    input = moved_up(open_to_read(path));
    launch.input = input.get();
    out_pipe = make_pipe();
    launch.output = launch.error = out_pipe.write.get();
    streams.push_back({std::move(out_pipe.read), &out});
    if (err) {
      err_pipe = make_pipe();
      launch.error = err_pipe.write.get();
      streams.push_back({std::move(err_pipe.read), &err});
    }
  }
  if (command.extra_fd) {
    extra = memory_file(*command.extra_fd);
    launch.extra = extra.get();
  }
  if (command.lock_fd >= 0) {
    lock = duplicate_above(command.lock_fd);
    launch.lock = lock.get();
  }
  Pipe status = make_pipe();
  launch.status = status.write.get();

  InterruptSignals signals(terminal);
  Child child(launch);
  out_pipe.write.reset();
  err_pipe.write.reset();
  status.write.reset();
  check_started(std::move(status.read), command, launch.program);
  return Watch(child, signals, limits, terminal, std::move(streams)).run();
}

Captured capture_process(const std::vector<std::string>& argv) {
  Command command;
  command.argv = argv;
  command.environment = current_environment();
  Captured captured;
  captured.status = run_process(
      command, {}, [&](std::string_view bytes) { captured.out.append(bytes); },
      [&](std::string_view bytes) { captured.err.append(bytes); });
  return captured;
}

std::optional<std::string> find_program(const std::string& name, std::string_view search_path) {
  // Not stat_file(): a directory of the path that may not be searched is passed over, no error.
  const auto is_program = [](const std::string& path) {
    struct stat info;
    return stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
           faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0;
  };
  if (name.find('/') != std::string::npos) {
    return is_program(name) ? std::optional(name) : std::nullopt;
  }
  if (name.empty()) return std::nullopt;
  for (const std::string& directory : split(search_path, ':')) {
    const std::string path = (directory.empty() ? "." : directory) + "/" + name;
    if (is_program(path)) return path;
  }
  return std::nullopt;
}

std::string search_path() {
  return environment_variable("PATH").value_or("/usr/local/bin:/usr/bin:/bin");
}

std::optional<std::string> environment_variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace cntr
