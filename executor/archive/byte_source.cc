#include "archive/byte_source.h"

#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/file_system.h"

namespace cntr::archive {
namespace {

constexpr size_t kBufferSize = size_t{256} * 1024;

}  // namespace

FileSource::FileSource(int fd) : fd_(fd), buffer_(kBufferSize) {}

FileSource::FileSource(int fd, uint64_t offset, uint64_t size)
    : fd_(fd), range_(Range{offset, size}), buffer_(kBufferSize) {}

std::string_view FileSource::head() {
  if (head_.empty()) head_ = fill();
  return head_;
}

std::string_view FileSource::next() {
  if (!head_.empty()) return std::exchange(head_, {});
  return fill();
}

uint64_t FileSource::size() const {
  if (range_) return range_->size + head_.size();
  const auto stat = stat_descriptor(fd_);
  const off_t position = lseek(fd_, 0, SEEK_CUR);
  if (!stat || stat->kind != FileKind::kRegular || position < 0) return 0;
  const auto read = static_cast<uint64_t>(position);
  return stat->size - std::min(stat->size, read) + head_.size();
}

ssize_t FileSource::read_some() {
  if (!range_) return read(fd_, buffer_.data(), buffer_.size());
  const auto wanted = static_cast<size_t>(std::min<uint64_t>(buffer_.size(), range_->size));
  if (wanted == 0) return 0;
  const ssize_t count = pread(fd_, buffer_.data(), wanted, static_cast<off_t>(range_->offset));
  if (count == 0) throw user_error("the archive is truncated");
  if (count > 0) {
    range_->offset += static_cast<uint64_t>(count);
    range_->size -= static_cast<uint64_t>(count);
  }
  return count;
}

std::string_view FileSource::fill() {
  for (;;) {
    const ssize_t count = read_some();
    if (count >= 0) return {buffer_.data(), static_cast<size_t>(count)};
    if (errno != EINTR) throw system_error("Cannot read the archive", errno);
  }
}

struct GunzipSource::State {
  z_stream stream{};
};

GunzipSource::GunzipSource(ByteSource& compressed, Format format)
    : compressed_(compressed), output_(kBufferSize), state_(std::make_unique<State>()) {
  constexpr int kGzipOnly = MAX_WBITS + 16;
  constexpr int kNoHeader = -MAX_WBITS;
  const int window = format == Format::kGzip ? kGzipOnly : kNoHeader;
  if (inflateInit2(&state_->stream, window) != Z_OK) {
    throw environment_error("Cannot start zlib: out of memory");
  }
}

GunzipSource::~GunzipSource() { inflateEnd(&state_->stream); }

bool GunzipSource::is_gzip(std::string_view head) { return head.substr(0, 2) == "\x1f\x8b"; }

// False at the end of the file. Zeros may follow the last member (tapes and block devices pad).
bool GunzipSource::start_member() {
  for (;;) {
    input_.remove_prefix(std::min(input_.find_first_not_of('\0'), input_.size()));
    if (!input_.empty()) break;
    input_ = compressed_.next();
    if (input_.empty()) return false;
  }
  inflateReset(&state_->stream);
  in_member_ = true;
  return true;
}

std::string_view GunzipSource::next() {
  z_stream& stream = state_->stream;
  for (;;) {
    if (!in_member_ && !start_member()) return {};
    if (input_.empty()) input_ = compressed_.next();
    if (input_.empty()) throw user_error("the archive is truncated: its gzip data has no end");
    // zlib's interface is older than const; it does not write to next_in.
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input_.data()));
    stream.avail_in = static_cast<uInt>(input_.size());
    stream.next_out = reinterpret_cast<Bytef*>(output_.data());
    stream.avail_out = static_cast<uInt>(output_.size());
    const int result = inflate(&stream, Z_NO_FLUSH);
    input_.remove_prefix(input_.size() - stream.avail_in);
    if (result != Z_OK && result != Z_STREAM_END) {
      throw user_error(std::string("the archive is damaged: gzip: ") +
                       (stream.msg != nullptr ? stream.msg : zError(result)));
    }
    if (result == Z_STREAM_END) in_member_ = false;
    const size_t count = output_.size() - stream.avail_out;
    if (count > 0) return {output_.data(), count};
  }
}

}  // namespace cntr::archive
