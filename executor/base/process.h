// Starting a child process and waiting for it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/environment.h"
#include "base/file_system.h"

namespace cntr {

// What to start. Nothing is inherited but what stands here: the environment is exactly
// `environment`, descriptors above 2 are closed except `extra_fd` and `lock_fd`, signals are at
// their defaults.
struct Command {
  std::vector<std::string> argv;         // argv[0] is looked up in this process's PATH
  std::vector<std::string> environment;  // "NAME=value"
  std::string directory;                 // "" for the current one
  std::string input_path;                // standard input; "" for /dev/null
  std::optional<std::string> extra_fd;   // content that the child reads from descriptor kExtraFd
  int lock_fd = -1;  // descriptor of a FileLock, which the child then holds as well, as kLockFd
  bool own_process_group = true;  // a Ctrl-C of the terminal does not reach it
  bool inherit_terminal = false;  // stdin, stdout, stderr are the caller's: for a shell

  static constexpr int kExtraFd = 3;
  static constexpr int kLockFd = 4;
};

// How it ended.
struct ExitStatus {
  int code = 0;              // exit code; 128 + signal when a signal ended it
  int signal = 0;            // 0 when it exited by itself
  bool timed_out = false;    // it was ended because of the time limit
  bool interrupted = false;  // its end was asked for, by a signal to this process or otherwise

  bool operator==(const ExitStatus&) const = default;
};

// Called with pieces of what the child writes, in order, from the thread that waits.
using OutputSink = std::function<void(std::string_view)>;

struct RunLimits {
  std::optional<std::chrono::milliseconds> timeout = std::nullopt;
  std::vector<int> end_with = {};  // pidfds: the end of one of these processes is as a SIGTERM
};

// Runs the command to its end. Standard output goes to `out`, standard error to `err`; without
// `err` both go to `out` through one pipe, in the order written. The child gets SIGKILL when the
// calling thread dies. At the time limit and when the thread is asked to stop it gets SIGTERM and,
// two seconds later or when asked again, SIGKILL; interruption is reported, not thrown. Returns
// when the child has ended and its pipes are closed by all who held them, or one second after its
// end.
//
// A thread with a StopScope is asked to stop by its StopRequest, and any number of threads may call
// this at once. Without one it handles SIGINT, SIGTERM and SIGHUP itself (StopSignals) while it
// runs; then there may be one call at a time.
//
// Throws an environment Error when argv[0] is not found or cannot be executed, and Stopped when the
// thread had been asked to stop before.
ExitStatus run_process(const Command& command, const RunLimits& limits, const OutputSink& out,
                       const OutputSink& err = nullptr);

// Runs a short command with the caller's environment, in `directory` ("": the current one), and
// collects its output. Throws Stopped when the StopRequest of the thread ended it.
struct Captured {
  ExitStatus status;
  std::string out;
  std::string err;
};
Captured capture_process(const std::vector<std::string>& argv, const std::string& directory = "");

}  // namespace cntr
