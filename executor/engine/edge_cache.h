// The action cache for ordinary edges: outputs that an edge made before, here or in another tree,
// come back from the content store instead of being made again.
//
// Only edges of which all is known take part: compilations (compilation.h) that name what they read
// in a depfile (or by /showIncludes). Never generator, console and phony edges, nor one with
// `cntr_cache = 0` in its build statement.
//
// Which headers a compile reads is known only after it. So the look-up has two steps: what is known
// before (command, manifest's inputs, programs) gives a key, under which lie the sets of further
// inputs that earlier runs found; the set whose files all hold the same bytes now completes the
// signature of the action.
//
// A command that writes debug information (-g) puts the current directory into its output, so that
// directory is then part of the key; other commands give the same bytes in any directory as long as
// they are the same themselves.
//
// Not thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/warning.h"
#include "engine/decider.h"
#include "engine/disk.h"
#include "engine/file_table.h"
#include "engine/programs.h"
#include "engine/state.h"
#include "store/cache.h"

namespace cntr::engine {

class EdgeCache {
 public:
  // Opens the cache of CNTR_CACHE_DIR when an edge needs it.
  EdgeCache(State& state, FileTable& files, Decider& decider, Disk& disk, Programs& programs,
            std::string directory, WarningSink warn)
      : state_(state),
        files_(files),
        decider_(decider),
        disk_(disk),
        programs_(programs),
        directory_(std::move(directory)),
        warn_(std::move(warn)) {}

  // What a run left behind that is not in its outputs.
  struct Restored {
    std::vector<std::string> discovered;  // canonical
    std::string output;                   // what the command printed
  };
  // Puts the outputs, and a depfile that is kept, in their places. nullopt: a miss; then nothing
  // was touched. All inputs must be final.
  std::optional<Restored> restore(ninja::EdgeId edge);
  // Keeps what the edge has just made. It must have its record.
  void keep(ninja::EdgeId edge, const std::string& output, int64_t started, uint32_t duration_ms);

 private:
  store::Cache& cache();
  bool takes_part(ninja::EdgeId edge) const;
  std::string known_before(ninja::EdgeId edge);
  std::optional<std::string> as_they_are(const std::string& found_inputs,
                                         std::vector<std::string>& paths);
  bool put_in_place(ninja::EdgeId edge, const store::ActionResult& result, Restored& restored);
  std::vector<std::string> files_of(ninja::EdgeId edge) const;

  State& state_;
  FileTable& files_;
  Decider& decider_;
  Disk& disk_;
  Programs& programs_;
  std::string directory_;
  WarningSink warn_;
  std::optional<store::Cache> cache_;
};

}  // namespace cntr::engine
