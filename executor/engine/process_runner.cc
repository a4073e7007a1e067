#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
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

#include "base/environment.h"
#include "base/error.h"
#include "base/stop_signals.h"
#include "engine/command_runner.h"
#include "engine/command_starter.h"
#include "engine/job_threads.h"
#include "engine/jobserver.h"

namespace cntr::engine {
namespace {

// What epoll tells besides the process numbers of children, which are positive.
constexpr int kStopEvent = 0;
constexpr int kJobserverEvent = -1;
constexpr int kWakeEvent = -2;
constexpr int kJobEvent = -3;

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

// A job has some: its cache, its locks, and those of a process that it starts.
constexpr size_t kDescriptorsOfJob = 32;

// What becomes of a command that is not done with the end of its job, or is not one at all.
struct JobInHand {
  Work work;
  std::string then;
  std::optional<JobToken> token;
};

UniqueFd open_event() {
  UniqueFd event(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event.valid()) throw system_error("cannot wait for processes", errno);
  return event;
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
        jobs_(options.jobs),
        signals_(stop_, {.keep_ignored = false}),
        wake_(open_event()),
        epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    if (!epoll_.valid()) throw system_error("cannot wait for processes", errno);
    watch(stop_.descriptor(1), kStopEvent);
    watch(wake_.get(), kWakeEvent);
  }
  ~ProcessRunner() override { ProcessRunner::abort(); }

  size_t capacity() override;
  void start(const Work& work) override;
  std::optional<Finished> wait(bool watch_jobserver) override;
  bool interrupted() const override { return signals_.first() != 0; }
  int signal() const override { return signals_.first(); }
  std::vector<ninja::EdgeId> running() const override;
  void abort() override;
  void wake() override;

 private:
  using Children = std::map<pid_t, Child>;

  size_t job_count() const { return threads_ ? threads_->running().size() : 0; }
  bool start_job(const Work& work);
  void start_process(const Work& work, std::string printed, std::optional<JobToken> token);
  void take_ended_jobs();
  void go_on_after(JobInHand job, Job::End end);

  void watch(int descriptor, int event);
  void watch_jobserver(bool on);
  void take_events();
  void take_child_event(Children::iterator child, uint32_t events);
  bool read_output(Child& child, bool all);
  void end_output(Children::iterator child);
  void finish(Children::iterator child, int status);

  void send(const Children::value_type& child, int number) const;
  void send_stop();
  void wait_for_ends(int signal_event);

  const double max_load_;
  std::unique_ptr<Jobserver> jobserver_;
  const size_t most_;
  const size_t most_jobs_ = most_children() / kDescriptorsOfJob;
  Jobs* const jobs_;
  StopRequest stop_;
  StopSignals signals_;
  UniqueFd wake_;
  CommandStarter starter_;
  UniqueFd epoll_;
  bool watches_jobserver_ = false;
  std::optional<JobToken> spare_token_;
  Children children_;
  std::optional<JobThreads> threads_;  // since the first job
  std::map<ninja::EdgeId, JobInHand> jobs_in_hand_;
  std::deque<Finished> finished_;  // not yet returned by wait()
  bool woken_ = false;
  bool token_may_be_free_ = false;
  std::vector<char> buffer_ = std::vector<char>(65536);
};

size_t ProcessRunner::capacity() {
  const size_t running = children_.size() + job_count();
  size_t room = most_ - std::min(most_, running + finished_.size());
  if (room > 0 && max_load_ > 0) room = std::min(room, load_room(max_load_));
  if (room == 0 && running == 0) room = 1;
  if (!jobserver_ || room == 0) return room;
  if (!spare_token_) spare_token_ = jobserver_->try_take();
  return spare_token_ ? 1 : 0;
}

void ProcessRunner::start(const Work& work) {
  if (!start_job(work)) start_process(work, "", std::exchange(spare_token_, std::nullopt));
}

// False when the command is none, or there is no room for one more: then a process does the same.
bool ProcessRunner::start_job(const Work& work) {
  if (jobs_ == nullptr || work.console) return false;
  if (job_count() >= most_jobs_) return false;
  std::optional<Job> job = jobs_->find(work.command);
  if (!job) return false;
  if (!threads_) {
    threads_.emplace();
    watch(threads_->descriptor(), kJobEvent);
  }
  if (!threads_->start(work.edge, std::move(job->run))) return false;
  jobs_in_hand_[work.edge] = {work, std::move(job->then),
                              std::exchange(spare_token_, std::nullopt)};
  return true;
}

void ProcessRunner::take_ended_jobs() {
  while (auto ended = threads_->take_ended()) {
    auto job = jobs_in_hand_.extract(ended->first);
    go_on_after(std::move(job.mapped()), std::move(ended->second));
  }
}

void ProcessRunner::go_on_after(JobInHand job, Job::End end) {
  if (end.declined) return start_process(job.work, "", std::move(job.token));
  if (end.code == 0 && !job.then.empty()) {
    job.work.command = std::move(job.then);
    return start_process(job.work, std::move(end.output), std::move(job.token));
  }
  finished_.push_back(
      {job.work.edge, end.code, end.code == kInterruptedCode, std::move(end.output)});
}

// `printed`: what came before it.
void ProcessRunner::start_process(const Work& work, std::string printed,
                                  std::optional<JobToken> token) {
  StartedCommand started = starter_.start(work.command, work.console);
  if (started.pid < 0) {
    finished_.push_back({work.edge, started.code, false, printed + started.problem});
    return;
  }
  Child child;
  child.edge = work.edge;
  child.console = work.console;
  child.direct = started.direct;
  child.token = std::move(token);
  child.pipe = std::move(started.output);
  child.output = std::move(printed);
  const auto place = children_.emplace(started.pid, std::move(child)).first;
  if (work.console) {
    end_output(place);
  } else {
    watch(place->second.pipe.get(), started.pid);
  }
}

void ProcessRunner::wake() {
  const uint64_t one = 1;
  // It fails only when the counter is full: then the descriptor is readable already.
  [[maybe_unused]] const ssize_t size = write(wake_.get(), &one, sizeof one);
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
  for (const auto& [edge, job] : jobs_in_hand_) edges.push_back(edge);
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
      return;  // interrupted() tells it
    }
    if (event.data.fd == kWakeEvent) {
      uint64_t sum;
      [[maybe_unused]] const ssize_t size = read(wake_.get(), &sum, sizeof sum);
      woken_ = true;
    } else if (event.data.fd == kJobEvent) {
      take_ended_jobs();
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
  // The next signal is one too many; so was a second one before this.
  const int last_level = std::min(stop_.level(), 1) + 1;
  bool impatient = false;
  send_stop();
  while (!children_.empty() || !jobs_in_hand_.empty()) {
    wait_for_ends(impatient ? -1 : stop_.descriptor(last_level));
    if (!impatient && stop_.level() >= last_level) {
      impatient = true;
      for (const auto& child : children_) send(child, SIGKILL);
      if (threads_) threads_->stop();
    }
    std::erase_if(children_, [](const auto& child) {
      const bool can_wait_again = child.second.end.valid();
      return reap(child.first, can_wait_again ? WNOHANG : 0).has_value();
    });
    while (!jobs_in_hand_.empty()) {
      const auto ended = threads_->take_ended();
      if (!ended) break;
      jobs_in_hand_.erase(ended->first);
    }
  }
}

// Until a child or a job has ended, or a signal has come. Goes on reading: a command that cleans up
// must neither wait for a reader nor get a SIGPIPE.
void ProcessRunner::wait_for_ends(int signal_event) {
  std::vector<pollfd> polled{{signal_event, POLLIN, 0},
                             {threads_ ? threads_->descriptor() : -1, POLLIN, 0}};
  const size_t first_child = polled.size();
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
  size_t pipe = first_child + 1;
  for (auto& [pid, child] : children_) {
    if (polled[pipe].revents != 0 && !read_output(child, /*all=*/false)) child.pipe.reset();
    pipe += 2;
  }
}

void ProcessRunner::send_stop() {
  if (threads_) threads_->stop();
  // A reader that is gone is gone for us alone.
  const bool sent_by_somebody = signals_.first() != 0 && signals_.first() != SIGPIPE;
  const int number = sent_by_somebody ? signals_.first() : SIGTERM;
  const bool terminal_told_console = signals_.first() != 0 && signals_.first_from_terminal();
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
