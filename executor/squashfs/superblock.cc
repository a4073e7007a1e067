#include "squashfs/superblock.h"

#include <array>
#include <cstddef>
#include <string_view>

#include "base/error.h"
#include "squashfs/file_io.h"

namespace cntr::squashfs {
namespace {

constexpr size_t kSize = 96;
constexpr uint64_t kAbsent = UINT64_MAX;
constexpr std::array<std::string_view, 7> kCompressors = {"",   "gzip", "lzma", "lzo",
                                                          "xz", "lz4",  "zstd"};

// The fields as they stand there, little-endian.
struct Fields {
  explicit Fields(const std::array<char, kSize>& image) : bytes(image) {}

  template <typename Number>
  Number at(size_t offset) const {
    Number number = 0;
    for (size_t i = sizeof(Number); i > 0; --i) {
      number = static_cast<Number>(uint64_t{number} << 8 |
                                   static_cast<unsigned char>(bytes[offset + i - 1]));
    }
    return number;
  }

  uint32_t magic() const { return at<uint32_t>(0); }
  uint32_t inodes() const { return at<uint32_t>(4); }
  uint32_t modified() const { return at<uint32_t>(8); }
  uint32_t block_size() const { return at<uint32_t>(12); }
  uint32_t fragments() const { return at<uint32_t>(16); }
  uint16_t compressor() const { return at<uint16_t>(20); }
  uint16_t block_log() const { return at<uint16_t>(22); }
  uint16_t flags() const { return at<uint16_t>(24); }
  uint16_t ids() const { return at<uint16_t>(26); }
  uint16_t major() const { return at<uint16_t>(28); }
  uint16_t minor() const { return at<uint16_t>(30); }
  uint64_t root() const { return at<uint64_t>(32); }
  uint64_t bytes_used() const { return at<uint64_t>(40); }
  uint64_t id_table() const { return at<uint64_t>(48); }
  uint64_t xattr_table() const { return at<uint64_t>(56); }
  uint64_t inode_table() const { return at<uint64_t>(64); }
  uint64_t directory_table() const { return at<uint64_t>(72); }
  uint64_t fragment_table() const { return at<uint64_t>(80); }
  uint64_t export_table() const { return at<uint64_t>(88); }

  const std::array<char, kSize>& bytes;
};

bool has_good_block_size(const Fields& fields) {
  constexpr uint16_t kSmallest = 12;
  constexpr uint16_t kLargest = 20;
  const uint16_t log = fields.block_log();
  return log >= kSmallest && log <= kLargest && fields.block_size() == 1U << log;
}

// Each table that is there lies behind the one before.
bool has_tables_in_order(const Fields& fields) {
  const uint64_t root_block = fields.root() >> 16;
  if (fields.inode_table() < kSize || fields.inode_table() >= fields.directory_table() ||
      root_block >= fields.directory_table() - fields.inode_table()) {
    return false;
  }
  uint64_t least = fields.directory_table();
  for (const uint64_t table :
       {fields.fragment_table(), fields.export_table(), fields.id_table(), fields.xattr_table()}) {
    if (table == kAbsent && table != fields.id_table()) continue;
    if (table < least || table >= fields.bytes_used()) return false;
    least = table;
  }
  return true;
}

}  // namespace

Superblock read_superblock(int fd, uint64_t offset, uint64_t length, const std::string& name) {
  constexpr uint32_t kMagic = 0x73717368;
  std::array<char, kSize> bytes{};
  if (length < kSize || !read_at(fd, offset, bytes, name)) {
    throw user_error(name + ": it is too short for a squashfs image");
  }
  const Fields fields(bytes);
  if (fields.magic() != kMagic) throw user_error(name + ": it is no squashfs image");
  if (fields.major() != 4 || fields.minor() != 0) {
    throw user_error(name + ": it is a squashfs image of version " +
                     std::to_string(fields.major()) + "." + std::to_string(fields.minor()) +
                     ", not 4.0");
  }
  if (fields.bytes_used() > length) {
    throw user_error(name + ": the squashfs image is truncated: it has " +
                     std::to_string(fields.bytes_used()) + " bytes, and only " +
                     std::to_string(length) + " are there");
  }
  if (!has_good_block_size(fields) || !has_tables_in_order(fields) || fields.ids() == 0 ||
      fields.inodes() == 0 || fields.compressor() == 0 ||
      fields.compressor() >= kCompressors.size()) {
    throw user_error(name + ": the squashfs image is damaged: its superblock makes no sense");
  }
  return {.inodes = fields.inodes(),
          .modified = fields.modified(),
          .block_size = fields.block_size(),
          .fragments = fields.fragments(),
          .compressor = std::string(kCompressors[fields.compressor()]),
          .flags = fields.flags(),
          .bytes_used = fields.bytes_used()};
}

}  // namespace cntr::squashfs
