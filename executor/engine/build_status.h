// What a build tells while it goes on; the command line prints it (cli/ninja_status.h), tests
// record it. Called from the thread that builds. Times in milliseconds since the build began.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "ninja/graph.h"

namespace cntr::engine {

// All commands of a build, as far as is known now: those that are done, run or wait.
struct WorkTotal {
  size_t commands = 0;
  // Of how many it is known how long they took last time, and these times added up.
  size_t timed = 0;
  int64_t timed_ms = 0;
};

// How a command ended.
struct EdgeEnd {
  ninja::EdgeId edge = ninja::kNone;
  int64_t start_ms = 0;
  int64_t end_ms = 0;
  std::optional<int64_t> last_time_ms;  // how long it took last time, as counted in WorkTotal
  int code = 0;                         // as in Finished
  std::string output;
};

class BuildStatus {
 public:
  virtual ~BuildStatus() = default;

  // Called again whenever early cutoff or a dyndep file changes it.
  virtual void total_changed(const WorkTotal& total) = 0;
  virtual void build_started() = 0;
  virtual void edge_started(ninja::EdgeId edge, int64_t start_ms) = 0;
  virtual void edge_finished(const EdgeEnd& end) = 0;
  virtual void build_finished() = 0;

  // Lines of their own; the printer adds "ninja: " and, for the latter two, "warning: " or
  // "error: ".
  virtual void info(const std::string& text) = 0;
  virtual void warning(const std::string& text) = 0;
  virtual void error(const std::string& text) = 0;
  // Why an edge runs (-d explain): printed before its command, as "ninja explain: <text>" to
  // standard error. Without an edge (kNone) it is printed at once.
  virtual void explanation(ninja::EdgeId edge, const std::string& text) = 0;
};

}  // namespace cntr::engine
