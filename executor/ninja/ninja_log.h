// Ninja's build log, ".ninja_log": of each output, how it was last made. Read to adopt a tree that
// ninja built, and written so that other tools can read it and ninja can take over again.
//
// Format (ninja's src/build_log.cc and manual): a text file. The first line is "# ninja log v<N>";
// every other line is an output, its fields separated by tabs:
//   start and end in milliseconds since the start of its build, mtime, output, command hash in hex
// Lines are appended; of several for one output the last one counts.
//
//   version  ninja         mtime (nanoseconds since the epoch)              hash
//   5        1.0 to 1.11   of the output when its command had ended;        MurmurHash64A
//                          restat: of its newest input if it was clean
//                          (before 1.9 in seconds)
//   6        1.12          when the command started; of a restat or         MurmurHash64A
//   7        1.13 and on   generator edge, the output's where it is newer   rapidhash
//
// Which hash is command_hash.h's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "ninja/text_index.h"

namespace cntr::ninja {

inline constexpr int kNinjaLogVersion = 7;  // what is written

struct NinjaLogEntry {
  std::string_view output;
  int64_t start_ms = 0;
  int64_t end_ms = 0;
  int64_t mtime = 0;  // 0: the output did not exist
  uint64_t command_hash = 0;

  bool operator==(const NinjaLogEntry&) const = default;
};

// A log that was read. Thread-safe.
class NinjaLog {
 public:
  NinjaLog() = default;  // as of an empty file
  // Reads the versions 5, 6 and 7. Anything may stand in `bytes`: lines that are not entries are
  // passed over, also a last line that is not complete. Never throws for them.
  explicit NinjaLog(std::string bytes);

  // Why nothing was read, such as "its version 8 is too new"; "" when it was.
  const std::string& problem() const { return problem_; }
  int version() const { return version_; }  // 0 when it is empty or there is a problem

  // One for each output, in the order of their first lines; valid as long as the log.
  std::span<const NinjaLogEntry> entries() const { return entries_; }
  const NinjaLogEntry* find(std::string_view output) const;  // nullptr when there is none

  // Whether most of its lines are out of date.
  bool needs_recompaction() const { return lines_ > 100 && lines_ > 3 * entries_.size(); }

 private:
  std::string_view read_header(std::string_view text);
  void add(const NinjaLogEntry& entry);

  std::unique_ptr<const std::string> bytes_;  // what the outputs point into
  std::string problem_;
  int version_ = 0;
  size_t lines_ = 0;
  std::vector<NinjaLogEntry> entries_;
  TextIndex index_;
};

// Appends to a log of version 7. Not thread-safe.
class NinjaLogWriter {
 public:
  // Opens or creates the file. One that is not a log of version 7 is replaced by an empty log. An
  // incomplete last line of an earlier process is ended first. Throws an environment Error.
  explicit NinjaLogWriter(const std::string& path);

  // The lines are written with one call, before it returns. An output with a tab or a line break
  // in its name is left out: the format has no place for it. Throws an environment Error.
  void record(std::span<const NinjaLogEntry> entries);

 private:
  std::string path_;
  UniqueFd fd_;
  std::string buffer_;
  bool torn_ = false;  // the last write has failed and may have left half a line
};

// A log with these entries, written aside and renamed. Throws an environment Error.
void write_ninja_log(const std::string& path, int version, std::span<const NinjaLogEntry> entries);

// Writes the log that was read from `path` again: in its own version, each output once, without
// those that are dead. Throws an environment Error.
void recompact_ninja_log(const std::string& path, const NinjaLog& log,
                         const std::function<bool(std::string_view output)>& is_dead);

// Writes the log at `path` again, in its own version, with the mtimes that the outputs have now:
// all of them, or only those that `outputs` names. A missing log and one that cannot be read stay
// as they are. Throws an environment Error, and what mtime_of throws.
void restat_ninja_log(const std::string& path, std::span<const std::string> outputs,
                      const std::function<int64_t(const std::string& output)>& mtime_of);

}  // namespace cntr::ninja
