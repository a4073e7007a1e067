#include "squashfs/image_file.h"

#include <sqfs/error.h>
#include <sqfs/io.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <utility>

#include "base/error.h"
#include "squashfs/file_io.h"

namespace cntr::squashfs {

// The library sees a pointer to the first member.
struct ImageFile::State {
  sqfs_file_t object{};
  int fd = -1;
  std::string name;
  uint64_t size = 0;
  std::exception_ptr failure;  // exceptions do not pass through C code: they wait here

  static State* of(sqfs_file_t* file) { return reinterpret_cast<State*>(file); }
  static const State* of(const sqfs_file_t* file) { return reinterpret_cast<const State*>(file); }

  template <typename Action>
  int keeping_failure(const Action& action) {
    try {
      action();
      return 0;
    } catch (...) {
      failure = std::current_exception();
      return SQFS_ERROR_IO;
    }
  }

  void write(uint64_t offset, std::string_view bytes) {
    write_at(fd, offset, bytes, name);
    size = std::max(size, offset + bytes.size());
  }

  void resize(uint64_t new_size) {
    if (ftruncate(fd, static_cast<off_t>(new_size)) != 0) {
      throw system_error("Cannot write " + name, errno);
    }
    size = new_size;
  }
};

ImageFile::ImageFile(int fd, std::string name) : state_(std::make_unique<State>()) {
  state_->fd = fd;
  state_->name = std::move(name);
  sqfs_file_t& object = state_->object;
  object.write_at = [](sqfs_file_t* file, sqfs_u64 offset, const void* bytes, size_t size) {
    State* const state = State::of(file);
    return state->keeping_failure([&] {
      state->write(offset, {static_cast<const char*>(bytes), size});
    });
  };
  object.read_at = [](sqfs_file_t* file, sqfs_u64 offset, void* out, size_t size) {
    State* const state = State::of(file);
    return state->keeping_failure([&] {
      if (!read_at(state->fd, offset, {static_cast<char*>(out), size}, state->name)) {
        throw internal_error("An image was read behind its end");
      }
    });
  };
  object.get_size = [](const sqfs_file_t* file) -> sqfs_u64 { return State::of(file)->size; };
  object.truncate = [](sqfs_file_t* file, sqfs_u64 size) {
    State* const state = State::of(file);
    return state->keeping_failure([&] { state->resize(size); });
  };
}

ImageFile::~ImageFile() = default;

void ImageFile::resize(uint64_t size) { state_->resize(size); }
uint64_t ImageFile::size() const { return state_->size; }
const std::string& ImageFile::name() const { return state_->name; }
sqfs_file_t* ImageFile::library_object() { return &state_->object; }

int ImageFile::check(int status) const {
  if (status >= 0) return status;
  if (state_->failure) std::rethrow_exception(state_->failure);
  if (status == SQFS_ERROR_ALLOC)
    throw environment_error("Cannot write a squashfs image: no memory");
  throw internal_error("libsquashfs failed with " + std::to_string(status));
}

}  // namespace cntr::squashfs
