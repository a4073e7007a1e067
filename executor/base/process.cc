#include "base/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/child.h"
#include "base/command_launch.h"
#include "base/error.h"
#include "base/pipe.h"
#include "base/stop_request.h"
#include "base/stop_signals.h"
#include "base/text.h"

namespace cntr {
namespace {

using SteadyClock = std::chrono::steady_clock;
using TimePoint = SteadyClock::time_point;

constexpr auto kGrace = std::chrono::seconds(2);   // between SIGTERM and SIGKILL
constexpr auto kLinger = std::chrono::seconds(1);  // for pipes that others hold after the end

UniqueFd memory_file(std::string_view content) {
  UniqueFd fd(memfd_create("cntr", MFD_CLOEXEC));
  if (!fd.valid()) throw system_error("cannot make a memory file", errno);
  write_all(fd.get(), content, "memory file");
  if (lseek(fd.get(), 0, SEEK_SET) != 0) throw system_error("cannot rewind a memory file", errno);
  return moved_up(std::move(fd));
}

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
  Watch(Child& child, const StopRequest& stop, const RunLimits& limits, std::vector<Stream> streams)
      : child_(child), stop_(stop), streams_(std::move(streams)) {
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
    std::vector<pollfd> polled{{level_ < 2 ? stop_.descriptor(level_ + 1) : -1, POLLIN, 0},
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
      if (polled[0].revents != 0) take_stop();
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

  void take_stop() {
    level_ = std::min(stop_.level(), 2);
    if (level_ == 2 && !ended_) child_.send(SIGKILL);
    interrupt();
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
  const StopRequest& stop_;
  int level_ = 0;  // of stop_, as far as it was taken note of
  std::vector<Stream> streams_;
  std::vector<int> end_with_;
  std::optional<TimePoint> timeout_at_;
  std::optional<TimePoint> kill_at_;
  std::optional<TimePoint> linger_until_;
  bool terminated_ = false;
  bool ended_ = false;
  ExitStatus status_;
};

}  // namespace

ExitStatus run_process(const Command& command, const RunLimits& limits, const OutputSink& out,
                       const OutputSink& err) {
  throw_if_stopped();
  const bool terminal = command.inherit_terminal;
  Launch launch = launch_of(command);
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
    out_pipe = make_high_pipe();
    launch.output = launch.error = out_pipe.write.get();
    streams.push_back({std::move(out_pipe.read), &out});
    if (err) {
      err_pipe = make_high_pipe();
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
  Pipe status = make_high_pipe();
  launch.status = status.write.get();

  const StopRequest* stop = stop_request_of_thread();
  std::optional<StopRequest> own_stop;
  std::optional<StopSignals> signals;
  if (stop == nullptr) {
    stop = &own_stop.emplace();
    signals.emplace(*own_stop, StopSignalOptions{.terminal_is_lent = terminal});
  }
  Child child(launch);
  out_pipe.write.reset();
  err_pipe.write.reset();
  status.write.reset();
  check_started(std::move(status.read), command, launch);
  return Watch(child, *stop, limits, std::move(streams)).run();
}

Captured capture_process(const std::vector<std::string>& argv, const std::string& directory) {
  Command command;
  command.argv = argv;
  command.directory = directory;
  command.environment = current_environment();
  Captured captured;
  captured.status = run_process(
      command, {}, [&](std::string_view bytes) { captured.out.append(bytes); },
      [&](std::string_view bytes) { captured.err.append(bytes); });
  if (captured.status.interrupted) throw_if_stopped();
  return captured;
}

}  // namespace cntr
