// What is in the files now: memos whose identity still holds are believed, other files are read.
//
// Traps, and how each is met:
// 1. A file is changed right after it was read, within the granularity of its times and with equal
//    size: a memo of a file whose mtime or ctime is within kRacyNanoseconds of the reading (or in
//    the future) is marked racy and not believed by the next build; that build reads the file once
//    more, and then the mark falls.
// 2. An edit that restores an older mtime, or a rename of an old file over it: ctime or inode tell.
// 3. A generated file of zero bytes, and an output that its command never writes, say nothing by
//    their bytes: they are stamps, which stand for the action. Their content is given by whoever
//    ran the action (set_stamp) and stays as long as the file stays empty, or away. So are
//    generated directories: their names do not tell what is in their files, and other commands add
//    to them. And so are precompiled headers, as long as nobody writes them: times are in them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/disk.h"
#include "engine/state.h"

namespace cntr::engine {

inline constexpr int64_t kRacyNanoseconds = 2'000'000'000;

// One thread uses a FileTable; probe() uses threads of its own.
class FileTable {
 public:
  FileTable(State& state, Disk& disk) : state_(state), disk_(disk) {}

  struct Probed {
    // Those whose content is not what the state said: changed, gone or come. Of those that were
    // never read it is enough that something of the same kind is where it was.
    std::vector<ninja::NodeId> changed;
    bool all_in_place = true;  // no identity differs from what the state said
  };
  // Looks at each of these files (each named once), once a build, and reads again those that had
  // been read and are not surely the same. Throws what Disk throws.
  Probed probe(std::span<const ninja::NodeId> nodes);

  // Reads those of these files that are not read yet, several at once.
  void read(std::vector<ninja::NodeId> nodes);

  // As of the probe, or of the last look. Looks when that has not been done.
  const Identity& identity(ninja::NodeId node);
  ContentId content(ninja::NodeId node);  // reads when that has not been done
  bool was_looked_at(ninja::NodeId node) const {
    return node < looked_.size() && looked_[node] != 0;
  }

  // The next look at any file is a new one: something else has been at work.
  void forget_looks() { looked_.assign(looked_.size(), 0); }

  // Looks again, because a command may have written the file; reading is left to content().
  // A stamp that is one still keeps its content.
  void look_again(ninja::NodeId node);
  bool is_stamp(ninja::NodeId node);
  void set_stamp(ninja::NodeId node, ContentId content);

  // The memos that changed since the last call: what the state file has to learn.
  std::vector<ninja::NodeId> take_changed_memos();

 private:
  struct Finding;
  template <typename Work>
  static void spread(unsigned threads, size_t count, size_t piece, const Work& work);
  Finding examine(ninja::NodeId node, std::string& path) const;
  void accept(const Finding& finding);
  bool is_precompiled(ninja::NodeId node) const;
  bool would_be_stamp(ninja::NodeId node, const Identity& identity) const;
  void remember(ninja::NodeId node);
  void grow();

  State& state_;
  Disk& disk_;
  std::vector<uint8_t> looked_;      // by node: looked at in this build
  std::vector<uint8_t> remembered_;  // by node: stands in changed_
  std::vector<ninja::NodeId> changed_;
};

}  // namespace cntr::engine
