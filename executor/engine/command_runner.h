// Starts the commands of edges and waits for them: the seam between scheduling and processes, so
// that tests can put their own runner there.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ninja/graph.h"

namespace cntr::engine {

struct Work {
  ninja::EdgeId edge = ninja::kNone;
  std::string command;   // for /bin/sh -c
  bool console = false;  // has the terminal for itself; its output is not captured
};

struct Finished {
  ninja::EdgeId edge = ninja::kNone;
  int code = 0;              // exit code; 128 + signal when a signal ended it
  bool interrupted = false;  // code 130, or its shell was ended by SIGINT, SIGTERM or SIGHUP
  std::string output;        // standard output and error, in the order written
};

class CommandRunner {
 public:
  virtual ~CommandRunner() = default;

  // How many more commands may be started now: by the -j limit, the load average (-l) and the
  // jobserver. At least 1 when nothing runs. With a jobserver at most 1, for which it takes a
  // token: ask again after each start(). The next wait() gives a token back that was not used.
  virtual size_t capacity() = 0;
  // Throws an environment Error when no process can be made at all. A command that cannot be
  // executed finishes with 126 or 127 and the reason as its output, as with a shell.
  virtual void start(const Work& work) = 0;
  // Waits until a command has ended, a signal has come, `wake` (see below) was called, or, when
  // `watch_jobserver` (there is more work than capacity() let start), a token may have become
  // free. nullopt for all but the first. A command has ended when it is gone and everything that
  // it started has closed its output.
  virtual std::optional<Finished> wait(bool watch_jobserver) = 0;
  // True once SIGINT, SIGTERM or SIGHUP came: the signal's number in signal().
  virtual bool interrupted() const = 0;
  virtual int signal() const = 0;
  // The edges that were started and that wait() has not returned.
  virtual std::vector<ninja::EdgeId> running() const = 0;
  // Ends all commands with their process groups (the signal that came, or SIGTERM; SIGKILL when
  // another signal comes meanwhile) and reaps them; a job is asked to stop. Nothing runs
  // afterwards.
  virtual void abort() = 0;
  // Makes a wait() that waits, or the next one, return nullopt. From any thread.
  virtual void wake() = 0;
};

// A command that this process carries out itself, on one of its threads.
struct Job {
  struct End {
    int code = 0;
    std::string output;  // all that a process with this command would have printed
    // It cannot be done here after all, and nothing was done: it becomes a process.
    bool declined = false;
  };
  // Listens to the StopRequest of its thread, and throws nothing but Stopped.
  std::function<End()> run;
  std::string then;  // a command that follows when it succeeds, as behind "&&"; "" for none
};

// Knows the commands that need no process. Its thread is that of the runner.
class Jobs {
 public:
  virtual ~Jobs() = default;
  virtual std::optional<Job> find(const std::string& command) = 0;
};

struct CommandRunnerOptions {
  using Say = std::function<void(const std::string&)>;

  size_t parallelism = 1;      // SIZE_MAX for -j0
  double max_load = 0;         // 0: no limit
  bool use_jobserver = false;  // take tokens as MAKEFLAGS says (fifo); not with an explicit -j
  Jobs* jobs = nullptr;        // must outlive the runner; none: every command is a process
  // One line each about the jobserver; may be empty.
  Say info;
  Say warning;
  Say error;
};

// Real processes. A command without shell syntax is executed directly, with the same result as
// `/bin/sh -c` would give; output through one pipe each. Children have their own process group
// unless they have the console, the caller's environment, and every descriptor that is not
// close-on-exec. A job counts as a command that runs; those with the console are never jobs. One
// object a process at a time; its thread is the one that made it. As long as it lives it handles
// SIGINT, SIGTERM and (unless ignored, as under nohup) SIGHUP. Its destructor is abort(), so that
// no command outlives it and every token goes back.
std::unique_ptr<CommandRunner> make_process_runner(const CommandRunnerOptions& options);

// The words of a command that needs no shell: nothing in it is special to sh but quotes and
// backslashes, the first word is neither a builtin, a reserved word nor an assignment. nullopt
// otherwise.
std::optional<std::vector<std::string>> direct_words(std::string_view command);

}  // namespace cntr::engine
