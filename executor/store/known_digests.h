// Digests of files that somebody in this process has taken already, for all of its threads: what
// cntr-ninja reads to decide need not be read again for the signature of a step.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "base/digest.h"

namespace cntr::store {

// Thread-safe.
class KnownDigests {
 public:
  // Of smaller files the bytes are read again sooner than looked up.
  static constexpr uint64_t kSmallest = 65'536;

  // What the file was before it was read. It says nothing of what the file is now.
  struct Known {
    uint64_t size = 0;
    int64_t mtime = 0;  // nanoseconds, as in FileStat
    int64_t ctime = 0;
    int64_t recorded = 0;  // when hashing began, by Clock::file_time()
    Digest digest;         // of the bytes
  };

  void add(uint64_t device, uint64_t inode, const Known& known);
  std::optional<Known> find(uint64_t device, uint64_t inode) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<uint64_t, uint64_t>, Known> known_;
};

}  // namespace cntr::store
