// Turns a finished command into an EdgeRecord: what it read, and what it wrote.
//
// A record may be wrong in one way only, and that is excluded here: that it names another content
// than the command saw. So an input that was changed after the command began, or that may have
// been, leaves the edge without a record, and it runs again in the next build.
//
// Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/decider.h"
#include "engine/disk.h"
#include "engine/file_table.h"
#include "engine/programs.h"
#include "engine/state.h"

namespace cntr::engine {

// What is known of a command when it is started.
struct Begun {
  int64_t time = 0;                                         // Disk::file_time()
  std::vector<std::pair<ninja::NodeId, FileMemo>> outputs;  // as they were
  std::vector<ninja::NodeId> programs;                      // that the command starts
};

class Recorder {
 public:
  Recorder(State& state, FileTable& files, Decider& decider, Disk& disk, Programs& programs);

  Begun begin(ninja::EdgeId edge);
  // Looks at the outputs again, and records the run. `discovered`: canonical paths of what a
  // depfile told. False when there is no record because an input changed meanwhile: `why` says so.
  bool finish(ninja::EdgeId edge, const Begun& begun, std::span<const std::string> discovered,
              uint32_t duration_ms, std::string* why = nullptr);
  // The command failed, or it was ended: nothing is known of the outputs any more.
  void forget(ninja::EdgeId edge, const Begun& begun);
  // Records the files as they are as those of a run in the past.
  void adopt(ninja::EdgeId edge, std::span<const std::string> discovered, uint32_t duration_ms);

 private:
  using Nodes = std::vector<ninja::NodeId>;
  std::optional<ContentId> read_input(ninja::NodeId node, const Begun& begun);
  Digest digest_of_run(const Begun& begun, const Digest& signature);
  void finish_outputs(ninja::EdgeId edge, const Begun& begun, const Digest& signature);
  void write_record(ninja::EdgeId edge, const std::vector<Link>& read, size_t inputs,
                    size_t programs, uint32_t duration_ms);
  ninja::NodeId node_of(std::string path);
  Nodes programs_of(ninja::EdgeId edge);
  Digest signature_of(ninja::EdgeId edge, std::span<const Link> read) const;

  State& state_;
  FileTable& files_;
  Decider& decider_;
  Disk& disk_;
  Programs& programs_;
  std::string here_;   // the build directory, with a slash at its end
  uint64_t runs_ = 0;  // makes what is new in each run new
};

}  // namespace cntr::engine
