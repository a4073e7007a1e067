// Ninja's deps log, ".ninja_deps": the inputs that compilers found for outputs with `deps = gcc` or
// `deps = msvc`. Read to adopt a tree that ninja built, and written so that ninja can take over
// again.
//
// Format (ninja's src/deps_log.h), in the byte order of the machine: "# ninjadeps\n", the version
// in 4 bytes, then records. A record begins with 4 bytes: its size without them, at most 524287,
// and in the highest bit whether it is of dependencies.
//   path           the path, NULs up to a multiple of 4, and 4 bytes: the complement of its
//                  number. Paths are numbered from 0 in the order of their records.
//   dependencies   numbers of 4 bytes each: the output's, its mtime (low half, high half), one
//                  for each input. Of several for one output the last one counts.
// Version 4 is that of ninja 1.9 and later, with an mtime in nanoseconds since the epoch. Version 3
// (1.5 to 1.8) has an mtime of 4 bytes, in seconds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "ninja/text_index.h"

namespace cntr::ninja {

inline constexpr int kDepsLogVersion = 4;  // what is written

// A log that was read: its bytes, and where in them everything is. Thread-safe while no writer owns
// it.
class DepsLog {
 public:
  struct Deps {
    int64_t mtime = 0;                 // of the output when they were found, as the version says
    std::span<const uint32_t> inputs;  // numbers of paths; valid as long as the log is unchanged
  };

  DepsLog() = default;  // as of an empty file
  // Anything may stand in `bytes`: reading stops before the first record that is damaged or not
  // complete. Never throws for them.
  explicit DepsLog(std::string bytes);

  // Why nothing was read, such as "its version 5 is too new"; "" when it was.
  const std::string& problem() const { return problem_; }
  int version() const { return version_; }  // 0 when it is empty or there is a problem
  // How many bytes are good, from the start; and whether others followed.
  size_t valid_bytes() const { return valid_bytes_; }
  bool damaged() const { return damaged_; }

  size_t path_count() const { return paths_.size(); }
  std::string_view path(uint32_t number) const;
  // What is recorded of the path's file; nullopt for one that is only an input.
  std::optional<Deps> deps(uint32_t number) const;

  // Whether most of its records are out of date.
  bool needs_recompaction() const { return read_ > 1000 && read_ > 3 * outputs_; }

 private:
  friend class DepsLogWriter;
  friend void recompact_deps_log(const std::string& path, const DepsLog& log,
                                 const std::function<bool(std::string_view output)>& is_live);

  // Where in bytes_, in words: each record begins at a multiple of one.
  struct PathPlace {
    uint32_t start = 0;
    uint32_t size = 0;  // in bytes, without the NULs
  };

  bool read_header();
  void read_records();
  // Of the record whose head is at this byte.
  bool read_path(size_t at, size_t size);
  bool read_dependencies(size_t at, size_t size);
  size_t fixed_words() const { return version_ == 3 ? 2 : 3; }  // before the inputs
  // Adds a record to bytes_.
  uint32_t append_path(std::string_view path);
  void append_dependencies(uint32_t output, int64_t mtime, std::span<const uint32_t> inputs);

  std::string problem_;
  int version_ = 0;
  size_t valid_bytes_ = 0;
  bool damaged_ = false;
  size_t read_ = 0;     // records of dependencies
  size_t outputs_ = 0;  // that have one
  std::string bytes_;   // what was read, then what a writer added
  std::vector<PathPlace> paths_;
  std::vector<uint32_t> last_records_;  // of each path: the word of the head; 0 for none
};

// Appends to a log of version 4. Not thread-safe.
class DepsLogWriter {
 public:
  // `log` is what was read from the file, which has not changed since. What follows its valid
  // bytes is cut off; a file of another version, or with a problem, is replaced by an empty log.
  // Throws an environment Error.
  DepsLogWriter(const std::string& path, DepsLog log);

  // Writes nothing when the log says the same already; else with one call, before it returns.
  // Throws an environment Error, also when the format has no room for so many inputs.
  void record(std::string_view output, int64_t mtime, std::span<const std::string_view> inputs);

  const DepsLog& log() const { return log_; }

 private:
  // Sets numbers_ to those of the paths; new ones are added to the log and to the buffer.
  void number(std::span<const std::string_view> paths);
  void number_without_index(std::span<const std::string_view> paths);
  void make_index();
  void write_added();

  std::string path_;
  UniqueFd fd_;
  DepsLog log_;
  bool has_recorded_ = false;
  std::optional<TextIndex> index_;  // of the paths; from the second record on
  size_t file_size_ = 0;            // what the log has more is not yet in the file
  std::vector<uint32_t> numbers_;
};

// Writes a log of version 4 again, with only the last record of each output for which is_live is
// true, and only the paths that these need. Aside, and renamed. Another version stays as it is.
// Throws an environment Error.
void recompact_deps_log(const std::string& path, const DepsLog& log,
                        const std::function<bool(std::string_view output)>& is_live);

}  // namespace cntr::ninja
