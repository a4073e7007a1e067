// Blocks that are compressed on many threads and come out in the order in which they went in.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "squashfs/compression.h"
#include "squashfs/worker_pool.h"

namespace cntr::squashfs {

// A block as it stands in a pack.
struct CompressedBlock {
  std::string bytes;
  uint32_t size = 0;  // of `bytes`, with kStoredBlock when they are not compressed
  uint32_t checksum = 0;
};

// One thread uses it. That thread calls every `then`, in order, while it adds or waits.
class BlockQueue {
 public:
  BlockQueue(const Compression& compression, WorkerPool& pool);
  ~BlockQueue();
  BlockQueue(const BlockQueue&) = delete;
  BlockQueue& operator=(const BlockQueue&) = delete;

  // Compresses `block`. Waits when many blocks are under way.
  void add(std::string block, std::function<void(const CompressedBlock&)> then);
  // Only takes its turn.
  void add(std::function<void()> then);
  // Until nothing is under way.
  void wait();

 private:
  struct Job;
  struct Shared;
  struct Turn {
    std::shared_ptr<Job> job;  // null when there is nothing to compress
    std::function<void(const CompressedBlock&)> then;
  };

  bool take_first(bool wait);

  std::shared_ptr<Shared> shared_;
  WorkerPool& pool_;
  size_t most_;
  size_t jobs_ = 0;
  std::deque<Turn> turns_;
};

}  // namespace cntr::squashfs
