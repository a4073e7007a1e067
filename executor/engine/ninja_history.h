// Ninja's own logs beside our state: read once to adopt a tree that ninja built, and kept written,
// so that other tools can read them and ninja can take over again without building everything.
//
// Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/warning.h"
#include "engine/decider.h"
#include "engine/deps_log_thread.h"
#include "engine/file_table.h"
#include "engine/state.h"
#include "ninja/deps_log.h"
#include "ninja/ninja_log.h"

namespace cntr::engine {

class NinjaHistory {
 public:
  // `folder` is where ninja keeps its logs: the manifest's builddir, "" for the current directory.
  // Unless `writes`, the logs stay as they are.
  NinjaHistory(State& state, FileTable& files, Decider& decider, const std::string& folder,
               bool writes, WarningSink warn);
  NinjaHistory(const NinjaHistory&) = delete;
  NinjaHistory& operator=(const NinjaHistory&) = delete;
  ~NinjaHistory();  // closes

  // Reads the logs. False when there is nothing to adopt.
  bool read();
  // What ninja knows of an edge that it would call clean, by its own rules (command hash and
  // times), given that its inputs are: nullopt when it would run it.
  struct Run {
    std::vector<std::string> discovered;  // canonical
    int64_t start_ms = 0;
    int64_t end_ms = 0;
    int64_t mtime = 0;  // as the log has it
    uint32_t duration_ms = 0;
  };
  std::optional<Run> clean_run(ninja::EdgeId edge);

  // Writes of an adopted run what the log says, in the version of logs that is written now.
  void record_adopted(ninja::EdgeId edge, const Run& run);
  // Writes what ninja would have written after this run. After a failed write it warns once and
  // writes no more.
  void record(ninja::EdgeId edge, int64_t start_ms, int64_t end_ms, int64_t begun_at,
              const std::vector<std::string>* discovered);
  // A run with dependencies has begun: begins to read the log that they will be written to.
  void expect_deps();
  // The same, when a run is only likely: does nothing in a tree without such runs.
  void expect_more_deps();
  // Waits until all is written, and holds nothing open: a generator may look at the logs, or the
  // build has ended.
  void close();

  const std::string& log_path() const { return log_path_; }
  const std::string& deps_path() const { return deps_path_; }

 private:
  std::optional<std::vector<std::string>> discovered_by_ninja(ninja::EdgeId edge);
  template <typename Writing>
  void guard(Writing writing);
  void open_log();
  void write_log(ninja::EdgeId edge, int64_t start_ms, int64_t end_ms, int64_t mtime);
  void write_deps(ninja::EdgeId edge, const std::vector<std::string>& discovered);

  State& state_;
  FileTable& files_;
  Decider& decider_;
  std::string log_path_;
  std::string deps_path_;
  WarningSink warn_;
  ninja::NinjaLog log_;
  ninja::DepsLog deps_;
  std::vector<uint32_t> deps_numbers_;  // by node: number in deps_; kNone
  std::unique_ptr<ninja::NinjaLogWriter> log_writer_;
  std::unique_ptr<DepsLogThread> deps_thread_;
  bool writes_;  // and no write has failed
};

}  // namespace cntr::engine
