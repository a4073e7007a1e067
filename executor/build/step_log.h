// What a step prints: to its log file, to the terminal, and into the files that STDOUT and STDERR
// name; always without its secrets.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "base/process.h"
#include "build/secret_filter.h"
#include "spec/spec.h"

namespace cntr::build {

// "exit code 3", "ended by signal 9 (Killed)", "it ran longer than its TIMEOUT of 10 min 0 s".
std::string describe(const ExitStatus& status, const spec::Step& step);

// Appends one line to a file that several processes append to.
void append_line(const std::string& path, const std::string& line);

// Not thread-safe.
class StepLog {
 public:
  // Begins the log file anew.
  StepLog(const spec::Step& step, std::string path, std::vector<spec::Variable> secrets,
          OutputSink echo);

  // Opens the STDOUT and STDERR files in the work directory, which must exist.
  void begin_attempt(const std::string& work);
  void end_attempt();

  OutputSink out();
  OutputSink err();  // null: together with out(), through one pipe

  // For a failed step: what went wrong, the last lines (printable, without colours), where the log
  // is, how to look inside.
  std::string failure_report(const std::string& exit, const std::vector<std::string>& problems);

 private:
  // One stream of the step, through its filter.
  struct Stream {
    UniqueFd capture;  // of STDOUT or STDERR
    std::string capture_path;
    std::unique_ptr<SecretFilter> filter;
  };
  void open_stream(Stream& stream, const std::string& capture_path);
  void deliver(const Stream& stream, std::string_view bytes);

  const spec::Step& step_;
  std::string path_;
  std::vector<spec::Variable> secrets_;
  OutputSink echo_;
  UniqueFd log_;
  Stream out_;
  Stream err_;
};

}  // namespace cntr::build
