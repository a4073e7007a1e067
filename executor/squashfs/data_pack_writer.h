// Makes a data pack out of contents that come one after another.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/file_system.h"
#include "squashfs/data_pack.h"
#include "squashfs/worker_pool.h"

namespace cntr::squashfs {

// One thread at a time uses a writer; many writers may share a WorkerPool. It waits when much is to
// be compressed yet, and compresses itself while it waits, so it may also be used in a task of its
// own pool. It keeps a few megabytes in memory, however large the files are, plus the table.
//
// Every function throws an environment Error when the file cannot be written; the writer is of no
// use then, but for its destruction.
class DataPackWriter {
 public:
  // `file` is empty, open to read and write. `name` is for messages.
  DataPackWriter(UniqueFd file, std::string name, const Compression& compression, WorkerPool& pool);
  // Without finish(), what was written is of no use.
  ~DataPackWriter();
  DataPackWriter(const DataPackWriter&) = delete;
  DataPackWriter& operator=(const DataPackWriter&) = delete;

  void begin_file();
  void append(std::string_view bytes);
  void append_zeros(uint64_t count);  // a hole: fast, however large
  // The number of the file with this content, which may have been there before.
  FileIndex end_file();

  // begin, append and end in one.
  FileIndex add_file(std::string_view content);

  uint64_t file_size(FileIndex file) const;
  const Digest& file_digest(FileIndex file) const;

  // Waits until all is written. Once.
  DataPack finish();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace cntr::squashfs
