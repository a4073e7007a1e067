// Builds targets: plans, starts commands, records what they did, until nothing is left to do.
//
// The way of an edge: Plan says that its inputs are final -> Decider: is it clean? -> its command
// runs -> depfile, Recorder, journal, ninja's logs -> Plan: what waited for it is next.
//
// Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/affected_edges.h"
#include "engine/build_status.h"
#include "engine/command_runner.h"
#include "engine/decider.h"
#include "engine/disk.h"
#include "engine/edge_cache.h"
#include "engine/file_table.h"
#include "engine/ninja_history.h"
#include "engine/plan.h"
#include "engine/recorder.h"
#include "engine/state.h"

namespace cntr::engine {

struct BuildOptions {
  size_t failures_allowed = 1;  // SIZE_MAX for -k0
  bool dry_run = false;
  bool explain = false;
  bool keep_depfile = false;
  bool keep_rspfile = false;
};

// Told of every edge that ended, so that it can be kept.
class RunSink {
 public:
  virtual ~RunSink() = default;
  // Its record changed, or it lost it.
  virtual void edge_changed(ninja::EdgeId edge) = 0;
};

// All must outlive the Builder.
struct BuildParts {
  State& state;
  FileTable& files;
  Decider& decider;
  Recorder& recorder;
  NinjaHistory& history;
  Disk& disk;
  CommandRunner& runner;
  BuildStatus& status;
  RunSink& sink;
  int64_t process_began;       // Disk::file_time(), before any file was looked at
  EdgeCache* cache = nullptr;  // none: every edge that must run runs
};

// What needs no decision: an edge that is marked clean, none of whose files is marked changed. A
// Builder keeps the marks true while it builds.
struct Marks {
  std::vector<uint8_t> clean;    // by edge: found clean, now or by an earlier build
  std::vector<uint8_t> changed;  // by node: its content may differ from what the records say
  // Edges: 0 when it and all that it needs are clean for sure. Empty: nothing is known.
  Affected affected;
};

struct BuildResult {
  int exit_code = 0;    // of the command that failed; 130 when interrupted
  std::string message;  // "" when all is built; else why not: "subcommand failed"
  size_t executed = 0;  // commands that were started
};

class Builder {
 public:
  // `marks` must outlive it.
  Builder(BuildParts parts, BuildOptions options, Marks& marks);

  // Throws what Plan and the parts throw. After the first command that is a result: the commands
  // that run are ended, and the message is the error's.
  BuildResult build(std::span<const ninja::NodeId> targets);

 private:
  struct Running {
    Begun begun;
    int64_t start_ms = 0;
  };

  bool is_clean(ninja::EdgeId edge);
  bool is_settled(ninja::EdgeId edge) const;
  bool load_dyndep(ninja::NodeId file);
  void load_made_dyndeps(ninja::EdgeId edge);
  void decide_ready();
  void start_ready();
  bool start(ninja::EdgeId edge);
  void prepare(ninja::EdgeId edge);
  bool restore(ninja::EdgeId edge, Running& running);
  void finish(Finished finished);
  bool take_discovered(ninja::EdgeId edge, Finished& finished, std::vector<std::string>& paths);
  bool succeed(ninja::EdgeId edge, const Running& running,
               const std::vector<std::string>& discovered, int64_t end_ms);
  void fail(ninja::EdgeId edge, const Running& running, int code);
  void stop();
  void wait_for_a_tick();
  int64_t now_ms() const;
  void tell_total();
  BuildResult result() const;
  std::string path_binding(ninja::EdgeId edge, std::string_view name) const;

  BuildParts parts_;
  BuildOptions options_;
  Plan plan_;
  Marks& marks_;
  std::unordered_map<ninja::EdgeId, Running> running_;
  size_t failures_ = 0;
  int exit_code_ = 0;
  bool interrupted_ = false;
  bool started_ = false;
  size_t executed_ = 0;
  bool ticked_ = false;
  int64_t began_ = 0;
};

}  // namespace cntr::engine
