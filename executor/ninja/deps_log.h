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
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "base/mapped_file.h"
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
  // The same, of a file. nullptr: an empty one.
  explicit DepsLog(const std::shared_ptr<MappedFile>& file);

  // Why nothing was read, such as "its version 5 is too new"; "" when it was.
  const std::string& problem() const { return problem_; }
  int version() const { return version_; }  // 0 when it is empty or there is a problem
  // How many of the bytes that were read are good, from the start; and whether others followed.
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

  // Places are in words from the start of the log: each record begins at a multiple of one.
  struct Path {
    uint32_t record = 0;
    uint32_t tag = 0;          // equal for equal paths, mostly different for others
    uint32_t last_record = 0;  // of dependencies; 0 for none
  };

  void read();
  bool read_header();
  void read_records();
  // Of the record whose head is at this byte.
  bool read_path(size_t at, size_t size);
  bool read_dependencies(size_t at, size_t size);
  size_t fixed_words() const { return version_ == 3 ? 2 : 3; }  // before the inputs
  // The bytes from a place on, all of its record among them.
  const char* at(uint32_t place) const;
  uint32_t end() const;  // the place of the next record
  // Adds a record to added_.
  uint32_t append_path(std::string_view path);
  void append_dependencies(uint32_t output, int64_t mtime, std::span<const uint32_t> inputs);

  std::string problem_;
  int version_ = 0;
  size_t valid_bytes_ = 0;
  bool damaged_ = false;
  size_t read_ = 0;                    // records of dependencies
  size_t outputs_ = 0;                 // that have one
  std::shared_ptr<const void> owner_;  // of bytes_
  std::string_view bytes_;             // what was read
  std::string added_;                  // what a writer adds behind the good ones of these
  std::vector<Path> paths_;
};

// Appends to a log of version 4. Not thread-safe.
class DepsLogWriter {
 public:
  // Reads what the log at `path` has. What follows its valid bytes is cut off; one that is mostly
  // out of date is written anew; a file of another version, or with a problem, is replaced by an
  // empty log. Throws an environment Error.
  explicit DepsLogWriter(const std::string& path);

  // Writes nothing when the log says the same already; else with one call, before it returns.
  // Throws an environment Error: also when the format has no room for so many inputs, and when
  // another program has changed or replaced the log, whose numbers are not ours then.
  void record(std::string_view output, int64_t mtime, std::span<const std::string_view> inputs);

  const DepsLog& log() const { return log_; }

 private:
  void open();
  void check_file() const;
  // Sets numbers_ to those of the paths; new ones are added to the log.
  void number(std::span<const std::string_view> paths);
  void number_without_index(std::span<const std::string_view> paths);
  void make_index();
  void write_added();

  std::string path_;
  UniqueFd fd_;
  DepsLog log_;
  size_t numbered_ = 0;             // records
  std::optional<TextIndex> index_;  // of the paths; made when there are many records
  size_t written_ = 0;              // of what the log has more than it read
  std::vector<uint32_t> numbers_;
};

// Writes a log of version 4 again, with only the last record of each output for which is_live is
// true, and only the paths that these need. Aside, and renamed. Another version stays as it is.
// Throws an environment Error.
void recompact_deps_log(const std::string& path, const DepsLog& log,
                        const std::function<bool(std::string_view output)>& is_live);

}  // namespace cntr::ninja
