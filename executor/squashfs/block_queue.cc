#include "squashfs/block_queue.h"

#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "base/fast_hash.h"
#include "squashfs/block_compressor.h"
#include "squashfs/data_pack.h"

namespace cntr::squashfs {
namespace {

// Enough that no thread waits while the first block is a slow one.
constexpr size_t kBlocksPerThread = 4;

enum class Stage { kWaiting, kTaken, kDone };

}  // namespace

struct BlockQueue::Job {
  std::string input;
  CompressedBlock result;
  std::exception_ptr failure;
  std::atomic<Stage> stage{Stage::kWaiting};

  bool take() {
    Stage expected = Stage::kWaiting;
    return stage.compare_exchange_strong(expected, Stage::kTaken);
  }
};

// Outlives the queue while tasks of the pool refer to it.
struct BlockQueue::Shared {
  explicit Shared(const Compression& how) : compression(how) {}

  // What one thread needs to compress a block.
  struct Place {
    explicit Place(const Compression& how)
        : compressor(how, BlockCompressor::Direction::kCompress), buffer(how.block_size) {}

    BlockCompressor compressor;
    std::vector<char> buffer;
  };

  const Compression compression;
  std::mutex mutex;
  std::condition_variable done;
  std::vector<std::unique_ptr<Place>> idle_places;

  std::unique_ptr<Place> take_place() {
    {
      const std::lock_guard<std::mutex> lock(mutex);
      if (!idle_places.empty()) {
        auto place = std::move(idle_places.back());
        idle_places.pop_back();
        return place;
      }
    }
    return std::make_unique<Place>(compression);
  }

  void compress(Job& job) {
    auto place = take_place();
    std::string& out = job.result.bytes;
    const std::span<char> room = std::span(place->buffer).first(job.input.size());
    const size_t size = place->compressor.compress(job.input, room);
    if (size > 0) {
      out.assign(room.data(), size);
      job.input = {};
      job.result.size = static_cast<uint32_t>(size);
    } else {
      out = std::move(job.input);
      job.result.size = static_cast<uint32_t>(out.size()) | kStoredBlock;
    }
    job.result.checksum = static_cast<uint32_t>(fast_hash(out));
    const std::lock_guard<std::mutex> lock(mutex);
    idle_places.push_back(std::move(place));
  }

  void run(Job& job) {
    try {
      compress(job);
    } catch (...) {
      job.failure = std::current_exception();
    }
    {
      const std::lock_guard<std::mutex> lock(mutex);
      job.stage = Stage::kDone;
    }
    done.notify_one();
  }

  void wait_for(Job& job) {
    std::unique_lock<std::mutex> lock(mutex);
    done.wait(lock, [&job] { return job.stage == Stage::kDone; });
  }
};

BlockQueue::BlockQueue(const Compression& compression, WorkerPool& pool)
    : shared_(std::make_shared<Shared>(compression)),
      pool_(pool),
      most_(kBlocksPerThread * (pool.threads() + 1)) {}

BlockQueue::~BlockQueue() {
  // Nobody wants what is not begun.
  for (const Turn& turn : turns_) {
    if (turn.job) turn.job->take();
  }
}

void BlockQueue::add(std::string block, std::function<void(const CompressedBlock&)> then) {
  auto job = std::make_shared<Job>();
  job->input = std::move(block);
  pool_.submit([shared = shared_, job] {
    if (job->take()) shared->run(*job);
  });
  turns_.push_back({std::move(job), std::move(then)});
  ++jobs_;
  while (take_first(false)) {
  }
  while (jobs_ > most_) take_first(true);
}

void BlockQueue::add(std::function<void()> then) {
  turns_.push_back({nullptr, [then = std::move(then)](const CompressedBlock&) { then(); }});
  while (take_first(false)) {
  }
}

void BlockQueue::wait() {
  while (take_first(true)) {
  }
}

// Whether there was one to take.
bool BlockQueue::take_first(bool wait) {
  if (turns_.empty()) return false;
  Turn& first = turns_.front();
  if (!first.job) {
    first.then({});
  } else {
    Job& job = *first.job;
    if (job.stage != Stage::kDone) {
      if (!wait) return false;
      // The pool may be busy with something else, such as who waits here.
      if (job.take()) {
        shared_->run(job);
      } else {
        shared_->wait_for(job);
      }
    }
    if (job.failure) std::rethrow_exception(job.failure);
    first.then(job.result);
    --jobs_;
  }
  turns_.pop_front();
  return true;
}

}  // namespace cntr::squashfs
