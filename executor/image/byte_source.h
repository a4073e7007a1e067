// Streams of bytes, pulled piece by piece.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

namespace cntr::image {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // The next bytes, valid until the next call; empty at the end. Throws a user Error when the
  // content is damaged, an environment Error when it cannot be read.
  virtual std::string_view next() = 0;
};

// A file from its descriptor's current offset to its end. The descriptor must outlive it.
class FileSource : public ByteSource {
 public:
  explicit FileSource(int fd);

  // The first bytes, which next() will give again. Before the first next().
  std::string_view head();
  std::string_view next() override;

 private:
  std::string_view fill();

  int fd_;
  std::vector<char> buffer_;
  std::string_view head_;
};

// Decompresses gzip (RFC 1952; members one after another), checking each member's CRC and length,
// which libarchive's own filter leaves out.
class GunzipSource : public ByteSource {
 public:
  explicit GunzipSource(ByteSource& compressed);
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

}  // namespace cntr::image
