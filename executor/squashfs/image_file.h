// A file that grows, as libsquashfs writes to it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

struct sqfs_file_t;

namespace cntr::squashfs {

class ImageFile {
 public:
  // `fd` is an empty file open to read and write, and must outlive the object.
  ImageFile(int fd, std::string name);
  ~ImageFile();
  ImageFile(const ImageFile&) = delete;
  ImageFile& operator=(const ImageFile&) = delete;

  // Throws an environment Error when the file cannot be written.
  void resize(uint64_t size);
  uint64_t size() const;
  const std::string& name() const;

  sqfs_file_t* library_object();
  // What a function of the library returned: throws an Error when that is negative, about the file
  // when writing it failed meanwhile.
  int check(int status) const;
  // The same for what it made: throws when that is null.
  template <typename Object>
  Object* check(Object* object) const {
    if (object == nullptr) check(kOutOfMemory);
    return object;
  }

 private:
  static constexpr int kOutOfMemory = -1;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cntr::squashfs
