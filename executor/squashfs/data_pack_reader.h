// Reads contents out of a data pack.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "squashfs/data_pack.h"

namespace cntr::squashfs {

// Not thread-safe; many readers may read one pack, which must outlive them.
class DataPackReader {
 public:
  explicit DataPackReader(const DataPack& pack);
  ~DataPackReader();
  DataPackReader(const DataPackReader&) = delete;
  DataPackReader& operator=(const DataPackReader&) = delete;

  // Gives a file's bytes in ascending pieces; what lies between and after them is zeros. Fastest
  // when files are read in the order of their numbers. Throws an environment Error when the pack
  // is damaged.
  using Sink = std::function<void(std::string_view bytes, uint64_t offset)>;
  void read(FileIndex file, const Sink& sink);

  // A whole small file.
  std::string content(FileIndex file);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cntr::squashfs
