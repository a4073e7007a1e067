// Starting a child process and waiting for it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
  bool interrupted = false;  // it was ended because this process got SIGINT, SIGTERM or SIGHUP

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
// calling thread dies. At the time limit and at SIGINT/SIGTERM/SIGHUP it gets SIGTERM and, two
// seconds later, SIGKILL; interruption is reported, not thrown. Returns when the child has ended
// and its pipes are closed by all who held them, or one second after its end.
//
// Throws an environment Error when argv[0] is not found or cannot be executed.
// One call at a time per process while interruption is to be handled (it blocks the three signals
// and reads them through a signalfd).
ExitStatus run_process(const Command& command, const RunLimits& limits, const OutputSink& out,
                       const OutputSink& err = nullptr);

// Runs a short command with the caller's environment and collects its output.
struct Captured {
  ExitStatus status;
  std::string out;
  std::string err;
};
Captured capture_process(const std::vector<std::string>& argv);

// The file that a shell would start: `name` itself when it has a slash, else the first executable
// file of that name in `search_path` ("a:b"). nullopt when there is none.
std::optional<std::string> find_program(const std::string& name, std::string_view search_path);
std::string search_path();  // the PATH variable, or the system's default

std::optional<std::string> environment_variable(const std::string& name);

}  // namespace cntr
