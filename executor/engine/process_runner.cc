#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <utility>

#include "base/error.h"
#include "base/process.h"
#include "engine/command_runner.h"
#include "engine/command_starter.h"
#include "engine/jobserver.h"
#include "engine/stop_signals.h"

namespace cntr::engine {
namespace {

// What epoll tells besides the process numbers of children, which are positive.
constexpr int kStopEvent = 0;
constexpr int kJobserverEvent = -1;

constexpr int kInterruptedCode = 128 + SIGINT;

struct Child {
  ninja::EdgeId edge = ninja::kNone;
  bool console = false;
  bool direct = false;
  UniqueFd pipe;  // what it writes to, until its end
  UniqueFd end;   // a pidfd: after the end of the pipe, when it still runs
  std::string output;
  std::optional<JobToken> token;
};

// Invalid when the system has no descriptor left.
UniqueFd open_pidfd(pid_t pid) {
  // glibc 2.36 declares its wrapper without C linkage.
  return UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
}

// nullopt when it still runs, which is possible with WNOHANG only.
std::optional<int> reap(pid_t pid, int options) {
  int status = 0;
  pid_t result;
  do {
    result = waitpid(pid, &status, options);
  } while (result < 0 && errno == EINTR);
  if (result < 0) throw system_error("cannot wait for process " + std::to_string(pid), errno);
  return result == 0 ? std::nullopt : std::optional(status);
}

// What a shell prints of a program that a signal ended.
std::string signal_text(int status) {
  const int number = WTERMSIG(status);
  if (number == SIGINT || number == SIGPIPE) return "";
  return std::string(strsignal(number)) + (WCOREDUMP(status) ? " (core dumped)\n" : "\n");
}

Finished finished(Child&& child, int status) {
  Finished result;
  result.edge = child.edge;
  result.output = std::move(child.output);
  if (WIFEXITED(status)) {
    result.code = WEXITSTATUS(status);
  } else {
    const int number = WTERMSIG(status);
    result.code = 128 + number;
    if (child.direct) {
      result.output += signal_text(status);
    } else {
      result.interrupted = number == SIGTERM || number == SIGHUP;
    }
  }
  if (result.code == kInterruptedCode) result.interrupted = true;
  return result;
}

// Each child has one descriptor here; some stay for the rest of the process.
size_t most_children() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return SIZE_MAX;
  return limit.rlim_cur > 256 ? limit.rlim_cur - 128 : std::max<size_t>(limit.rlim_cur / 2, 1);
}

size_t load_room(double max_load) {
  double load = 0;
  if (getloadavg(&load, 1) < 1) load = 0;
  return max_load > load ? static_cast<size_t>(max_load - load) : 0;
}

void say(const CommandRunnerOptions::Say& to, const std::string& text) {
  if (to) to(text);
}

std::unique_ptr<Jobserver> find_jobserver(const CommandRunnerOptions& options) {
  if (!options.use_jobserver) return nullptr;
  const std::string makeflags = environment_variable("MAKEFLAGS").value_or("");
  const JobserverFlags flags = parse_makeflags(makeflags);
  if (!flags.problem.empty()) {
    say(options.warning, "Ignoring jobserver: " + flags.problem + " [" + makeflags + "]");
  }
  if (!flags.fifo) return nullptr;
  say(options.info, "Jobserver mode detected: " + makeflags);
  try {
    return std::make_unique<Jobserver>(*flags.fifo);
  } catch (const Error& error) {
    say(options.error, "Could not initialize jobserver: " + error.message());
    return nullptr;
  }
}

class ProcessRunner : public CommandRunner {
 public:
  explicit ProcessRunner(const CommandRunnerOptions& options)
      : max_load_(options.max_load),
        jobserver_(find_jobserver(options)),
        most_(std::min(jobserver_ ? SIZE_MAX : options.parallelism, most_children())),
        epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    if (!epoll_.valid()) throw system_error("cannot wait for processes", errno);
    watch(stop_.descriptor(), kStopEvent);
  }
  ~ProcessRunner() override { ProcessRunner::abort(); }

  size_t capacity() override;
  void start(const Work& work) override;
  std::optional<Finished> wait(bool watch_jobserver) override;
  bool interrupted() const override { return stop_.first() != 0; }
  int signal() const override { return stop_.first(); }
  std::vector<ninja::EdgeId> running() const override;
  void abort() override;
  void wake() override { stop_.wake(); }

 private:
  using Children = std::map<pid_t, Child>;

  void watch(int descriptor, int event);
  void watch_jobserver(bool on);
  void take_events();
  void take_child_event(Children::iterator child, uint32_t events);
  bool read_output(Child& child, bool all);
  void end_output(Children::iterator child);
  void finish(Children::iterator child, int status);

  void send(const Children::value_type& child, int number) const;
  void send_stop() const;
  void wait_for_ends();

  const double max_load_;
  std::unique_ptr<Jobserver> jobserver_;
  const size_t most_;
  StopSignals stop_;
  CommandStarter starter_;
  UniqueFd epoll_;
  bool watches_jobserver_ = false;
  std::optional<JobToken> spare_token_;
  Children children_;
  std::deque<Finished> finished_;  // not yet returned by wait()
  bool woken_ = false;
  bool token_may_be_free_ = false;
  std::vector<char> buffer_ = std::vector<char>(65536);
};

size_t ProcessRunner::capacity() {
  const size_t busy = children_.size() + finished_.size();
  size_t room = most_ - std::min(most_, busy);
  if (room > 0 && max_load_ > 0) room = std::min(room, load_room(max_load_));
  if (room == 0 && children_.empty()) room = 1;
  if (!jobserver_ || room == 0) return room;
  if (!spare_token_) spare_token_ = jobserver_->try_take();
  return spare_token_ ? 1 : 0;
}

void ProcessRunner::start(const Work& work) {
  StartedCommand started = starter_.start(work.command, work.console);
  if (started.pid < 0) {
    finished_.push_back({work.edge, started.code, false, std::move(started.problem)});
    return;
  }
  Child child;
  child.edge = work.edge;
  child.console = work.console;
  child.direct = started.direct;
  child.token = std::exchange(spare_token_, std::nullopt);
  child.pipe = std::move(started.output);
  const auto place = children_.emplace(started.pid, std::move(child)).first;
  if (work.console) {
    end_output(place);
  } else {
    watch(place->second.pipe.get(), started.pid);
  }
}

std::optional<Finished> ProcessRunner::wait(bool with_jobserver) {
  spare_token_.reset();
  watch_jobserver(with_jobserver);
  token_may_be_free_ = false;
  while (!interrupted() && !woken_ && finished_.empty() && !token_may_be_free_) take_events();
  if (interrupted() || std::exchange(woken_, false) || finished_.empty()) return std::nullopt;
  Finished next = std::move(finished_.front());
  finished_.pop_front();
  return next;
}

std::vector<ninja::EdgeId> ProcessRunner::running() const {
  std::vector<ninja::EdgeId> edges;
  for (const Finished& f : finished_) edges.push_back(f.edge);
  for (const auto& [pid, child] : children_) edges.push_back(child.edge);
  return edges;
}

void ProcessRunner::watch(int descriptor, int event) {
  epoll_event wanted = {};
  wanted.events = EPOLLIN;
  wanted.data.fd = event;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &wanted) != 0) {
    throw system_error("cannot wait for processes", errno);
  }
}

void ProcessRunner::watch_jobserver(bool on) {
  if (!jobserver_ || on == watches_jobserver_) return;
  watches_jobserver_ = on;
  if (on) {
    watch(jobserver_->descriptor(), kJobserverEvent);
  } else {
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, jobserver_->descriptor(), nullptr);
  }
}

void ProcessRunner::take_events() {
  std::array<epoll_event, 64> events;
  const int count =
      epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), /*timeout=*/-1);
  if (count < 0 && errno != EINTR) throw system_error("cannot wait for processes", errno);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<size_t>(i)];
    if (event.data.fd == kStopEvent) {
      stop_.drain();
      woken_ = true;
    } else if (event.data.fd == kJobserverEvent) {
      token_may_be_free_ = true;
    } else if (const auto child = children_.find(event.data.fd); child != children_.end()) {
      take_child_event(child, event.events);
    }
  }
}

void ProcessRunner::take_child_event(Children::iterator child, uint32_t events) {
  if (!child->second.pipe.valid()) {
    if (const std::optional<int> status = reap(child->first, WNOHANG)) finish(child, *status);
  } else if (!read_output(child->second, (events & EPOLLHUP) != 0)) {
    end_output(child);
  }
}

// False at the end. `all`: nobody can write any more, so that reading does not wait.
bool ProcessRunner::read_output(Child& child, bool all) {
  do {
    const ssize_t size = read(child.pipe.get(), buffer_.data(), buffer_.size());
    if (size > 0) {
      child.output.append(buffer_.data(), static_cast<size_t>(size));
    } else if (size == 0 || errno != EINTR) {
      return false;
    }
  } while (all);
  return true;
}

void ProcessRunner::end_output(Children::iterator child) {
  const pid_t pid = child->first;
  // Closing it is not enough: a child that is about to execute its program may hold a copy still.
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, child->second.pipe.get(), nullptr);
  child->second.pipe.reset();
  if (const std::optional<int> status = reap(pid, WNOHANG)) {
    finish(child, *status);
    return;
  }
  child->second.end = open_pidfd(pid);
  if (child->second.end.valid()) {
    watch(child->second.end.get(), pid);
  } else {
    finish(child, *reap(pid, 0));
  }
}

void ProcessRunner::finish(Children::iterator child, int status) {
  finished_.push_back(finished(std::move(child->second), status));
  children_.erase(child);
}

void ProcessRunner::abort() {
  spare_token_.reset();
  finished_.clear();
  send_stop();
  int signals = stop_.count();
  while (!children_.empty()) {
    wait_for_ends();
    if (stop_.count() != signals) {
      signals = stop_.count();
      for (const auto& child : children_) send(child, SIGKILL);
    }
    std::erase_if(children_, [](const auto& child) {
      const bool can_wait_again = child.second.end.valid();
      return reap(child.first, can_wait_again ? WNOHANG : 0).has_value();
    });
  }
}

// Until a child has ended, or a signal has come. Goes on reading: a command that cleans up must
// neither wait for a reader nor get a SIGPIPE.
void ProcessRunner::wait_for_ends() {
  std::vector<pollfd> polled{{stop_.descriptor(), POLLIN, 0}};
  for (auto& [pid, child] : children_) {
    if (!child.end.valid()) child.end = open_pidfd(pid);
    if (!child.end.valid()) {
      child.pipe.reset();
      return;
    }
    polled.push_back({child.end.get(), POLLIN, 0});
    polled.push_back({child.pipe.get(), POLLIN, 0});
  }
  poll(polled.data(), polled.size(), /*timeout=*/-1);
  stop_.drain();
  size_t pipe = 2;
  for (auto& [pid, child] : children_) {
    if (polled[pipe].revents != 0 && !read_output(child, /*all=*/false)) child.pipe.reset();
    pipe += 2;
  }
}

void ProcessRunner::send_stop() const {
  const int number = stop_.first() != 0 ? stop_.first() : SIGTERM;
  const bool terminal_told_console = stop_.first() != 0 && stop_.first_from_terminal();
  for (const auto& child : children_) {
    if (child.second.console && terminal_told_console) continue;
    send(child, number);
    send(child, SIGCONT);  // a stopped process could not react
  }
}

void ProcessRunner::send(const Children::value_type& child, int number) const {
  const auto& [pid, state] = child;
  if (state.console || kill(-pid, number) != 0) kill(pid, number);
}

}  // namespace

std::unique_ptr<CommandRunner> make_process_runner(const CommandRunnerOptions& options) {
  return std::make_unique<ProcessRunner>(options);
}

}  // namespace cntr::engine
