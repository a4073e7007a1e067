// A file as memory, without a copy of it.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace cntr {

// All that a file had when it was mapped. Whoever cuts the file off meanwhile ends the process that
// looks behind its new end (SIGBUS): so this is for files that others replace or append to.
// Thread-safe while nobody writes to the memory.
class MappedFile {
 public:
  enum class Access {
    kRead,    // the memory must not be written to
    kChange,  // what is written to the memory leaves the file as it is
  };

  // nullptr when `fd` is of an empty file or of none that has bytes. It may be closed afterwards.
  // Throws an environment Error, which names the path.
  static std::shared_ptr<MappedFile> of(int fd, const std::string& path, Access access);
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  // Brings a part of the bytes into memory at once, which is cheaper than page after page when they
  // are touched. A part that is not there is none.
  void prefault(size_t offset, size_t size) const;

  std::span<std::byte> bytes() const { return {data_, size_}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }

 private:
  MappedFile(std::byte* data, size_t size) : data_(data), size_(size) {}
  std::byte* data_;
  size_t size_;
};

}  // namespace cntr
