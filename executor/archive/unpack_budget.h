// Bounds on what one image may unpack to, against decompression bombs and their kin.
#pragma once

#include <atomic>
#include <cstdint>

namespace cntr::archive {

struct UnpackLimits {
  uint64_t bytes = uint64_t{256} << 30;
  uint64_t entries = 5'000'000;             // directories that no entry names included
  uint64_t path_bytes = uint64_t{1} << 30;  // of all entries, with targets and attributes
  // An image may always unpack to `free_bytes`; to more only when that is at most `ratio` times
  // what was read of its archives.
  uint64_t ratio = 1000;
  uint64_t free_bytes = uint64_t{4} << 30;
};

// Counts what was unpacked so far, over all layers of an image. Each function throws a user Error
// when a limit is passed. Thread-safe.
class UnpackBudget {
 public:
  explicit UnpackBudget(const UnpackLimits& limits = {}) : limits_(limits) {}

  void add_archive_bytes(uint64_t count) { archive_bytes_ += count; }
  void add_stream_bytes(uint64_t count);  // decompressed
  void add_file_bytes(uint64_t count);    // of unpacked files, holes included; below 2^63
  void add_entry(uint64_t path_bytes);

 private:
  void check_bytes(uint64_t total) const;

  UnpackLimits limits_;
  std::atomic<uint64_t> archive_bytes_ = 0;
  std::atomic<uint64_t> stream_bytes_ = 0;
  std::atomic<uint64_t> file_bytes_ = 0;
  std::atomic<uint64_t> entries_ = 0;
  std::atomic<uint64_t> path_bytes_ = 0;
};

}  // namespace cntr::archive
