// Streams of bytes, pulled piece by piece.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace cntr::archive {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // The next bytes, valid until the next call; empty at the end. Throws a user Error when the
  // content is damaged, an environment Error when it cannot be read.
  virtual std::string_view next() = 0;
};

// A file, or a range of it. The descriptor must outlive it.
class FileSource : public ByteSource {
 public:
  // From the descriptor's current offset to the end.
  explicit FileSource(int fd);
  // `size` bytes from `offset`; does not move the descriptor's offset. Throws a user Error when the
  // file ends before.
  FileSource(int fd, uint64_t offset, uint64_t size);

  // The first bytes, which next() will give again. Before the first next().
  std::string_view head();
  // How many bytes next() will give; 0 when nobody knows.
  uint64_t size() const;
  std::string_view next() override;

 private:
  // A part of a file that is yet to be read.
  struct Range {
    uint64_t offset = 0;
    uint64_t size = 0;
  };

  std::string_view fill();
  ssize_t read_some();

  int fd_;
  std::optional<Range> range_;
  std::vector<char> buffer_;
  std::string_view head_;
};

// Decompresses gzip (RFC 1952; members one after another), checking each member's CRC and length,
// which libarchive's own filter leaves out.
class GunzipSource : public ByteSource {
 public:
  // kDeflate: the data of a zip archive's member (RFC 1951), which has neither CRC nor length.
  enum class Format { kGzip, kDeflate };
  explicit GunzipSource(ByteSource& compressed, Format format = Format::kGzip);
  ~GunzipSource() override;

  static bool is_gzip(std::string_view head);
  std::string_view next() override;

 private:
  struct State;
  bool start_member();

  ByteSource& compressed_;
  std::string_view input_;
  std::vector<char> output_;
  bool in_member_ = false;
  std::unique_ptr<State> state_;
};

}  // namespace cntr::archive
