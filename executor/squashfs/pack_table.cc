#include "squashfs/pack_table.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <type_traits>

#include "base/error.h"
#include "base/fast_hash.h"
#include "squashfs/file_io.h"

namespace cntr::squashfs {
namespace {

constexpr std::string_view kMagic = "cntrpack";
constexpr uint32_t kVersion = 1;
constexpr size_t kFileBytes = 8 + 8 + 4 + 4 + 4 + Digest::kSize;
constexpr size_t kBlockBytes = 4 + 4;
constexpr size_t kFragmentBytes = 8 + 4 + 4 + 4;
constexpr size_t kChecksumBytes = sizeof(Checksum);
constexpr size_t kTrailerBytes = 8 + 4 + 4 + 4 + 4 + 4 * 8 + kChecksumBytes;

// Numbers are little-endian.
template <typename Number>
void put(std::string& out, Number number) {
  static_assert(std::is_unsigned_v<Number>);
  for (size_t i = 0; i < sizeof(Number); ++i) out += static_cast<char>(number >> (8 * i) & 0xff);
}

class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : rest_(bytes) {}

  // The caller has checked that there are as many bytes.
  std::string_view take(size_t count) {
    const std::string_view bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return bytes;
  }
  template <typename Number>
  Number number() {
    Number number = 0;
    const std::string_view bytes = take(sizeof(Number));
    for (size_t i = bytes.size(); i > 0; --i) {
      number = static_cast<Number>(number << 8 | static_cast<unsigned char>(bytes[i - 1]));
    }
    return number;
  }
  uint32_t u32() { return number<uint32_t>(); }
  uint64_t u64() { return number<uint64_t>(); }

 private:
  std::string_view rest_;
};

struct Trailer {
  Compression compression;
  uint64_t data_size = 0;
  uint64_t files = 0;
  uint64_t blocks = 0;
  uint64_t fragments = 0;

  // Whether that many bytes hold them exactly.
  bool fits(uint64_t table_bytes) const {
    return files <= table_bytes / kFileBytes && blocks <= table_bytes / kBlockBytes &&
           fragments <= table_bytes / kFragmentBytes &&
           files * kFileBytes + blocks * kBlockBytes + fragments * kFragmentBytes == table_bytes;
  }
};

bool is_known(Compressor compressor) {
  return compressor == Compressor::kGzip || compressor == Compressor::kXz ||
         compressor == Compressor::kLz4 || compressor == Compressor::kZstd;
}

bool is_block_size(uint32_t size) {
  constexpr uint32_t kSmallest = 4096;
  constexpr uint32_t kLargest = 1024 * 1024;
  return size >= kSmallest && size <= kLargest && (size & (size - 1)) == 0;
}

class Parser {
 public:
  Parser(const std::string& name) : name_(name) {}

  PackTable parse(std::string_view bytes, uint64_t data_size) {
    check(bytes.size() >= kTrailerBytes);
    const std::string_view body = bytes.substr(0, bytes.size() - kTrailerBytes);
    const Trailer trailer = parse_trailer(bytes);
    check(trailer.data_size == data_size && trailer.fits(body.size()));
    table_.compression = trailer.compression;
    table_.data_size = data_size;
    Cursor cursor(body);
    parse_files(cursor, trailer);
    parse_blocks(cursor, trailer);
    parse_fragments(cursor, trailer);
    for (const PackedFile& file : table_.files) check_file(file);
    return std::move(table_);
  }

  // How long the data is, so that the rest can be read.
  uint64_t data_size(std::string_view trailer) { return parse_trailer(trailer, false).data_size; }

  void check(bool good) const {
    if (!good) throw environment_error("The data pack " + name_ + " is damaged");
  }

 private:
  Trailer parse_trailer(std::string_view bytes, bool whole = true) const {
    Cursor cursor(bytes.substr(bytes.size() - kTrailerBytes));
    check(cursor.take(kMagic.size()) == kMagic);
    if (cursor.u32() != kVersion) {
      throw environment_error("The data pack " + name_ + " is of another version of Cntr");
    }
    Trailer trailer;
    trailer.compression.block_size = cursor.u32();
    const uint32_t compressor = cursor.u32();
    trailer.compression.compressor = static_cast<Compressor>(compressor);
    trailer.compression.level = static_cast<int>(cursor.u32());
    trailer.data_size = cursor.u64();
    trailer.files = cursor.u64();
    trailer.blocks = cursor.u64();
    trailer.fragments = cursor.u64();
    const Checksum checksum = {cursor.u64(), cursor.u64()};
    if (whole) check(checksum == fast_checksum(bytes.substr(0, bytes.size() - kChecksumBytes)));
    check(compressor <= UINT16_MAX && is_known(trailer.compression.compressor) &&
          is_block_size(trailer.compression.block_size) && trailer.files <= UINT32_MAX &&
          trailer.fragments < kNoFragment);
    return trailer;
  }

  void parse_files(Cursor& cursor, const Trailer& trailer) {
    uint64_t blocks = 0;
    table_.files.resize(trailer.files);
    for (PackedFile& file : table_.files) {
      file.size = cursor.u64();
      file.offset = cursor.u64();
      file.blocks = cursor.u32();
      file.fragment = cursor.u32();
      file.fragment_offset = cursor.u32();
      const std::string_view digest = cursor.take(Digest::kSize);
      std::memcpy(file.digest.data(), digest.data(), digest.size());
      if (file.blocks > 0) file.first_block = blocks;
      check(file.blocks <= trailer.blocks - blocks);
      blocks += file.blocks;
    }
    check(blocks == trailer.blocks);
  }

  void parse_blocks(Cursor& cursor, const Trailer& trailer) {
    table_.block_sizes.reserve(trailer.blocks);
    table_.block_checksums.reserve(trailer.blocks);
    for (uint64_t i = 0; i < trailer.blocks; ++i) {
      table_.block_sizes.push_back(cursor.u32());
      table_.block_checksums.push_back(cursor.u32());
    }
  }

  void parse_fragments(Cursor& cursor, const Trailer& trailer) {
    table_.fragments.resize(trailer.fragments);
    for (PackedFragment& fragment : table_.fragments) {
      fragment.offset = cursor.u64();
      fragment.size = cursor.u32();
      fragment.checksum = cursor.u32();
      fragment.unpacked_size = cursor.u32();
      check(fragment.unpacked_size <= table_.compression.block_size && fragment.size != 0);
      check_block(fragment.offset, fragment.size, fragment.unpacked_size);
    }
  }

  void check_file(const PackedFile& file) const {
    const uint64_t block_size = table_.compression.block_size;
    const uint64_t in_blocks = file.blocks * block_size;
    if (file.fragment == kNoFragment) {
      check(file.size == in_blocks);
    } else {
      check(file.fragment < table_.fragments.size() && file.size > in_blocks &&
            file.size - in_blocks < block_size);
      const uint32_t room = table_.fragments[file.fragment].unpacked_size;
      check(file.fragment_offset <= room && file.size - in_blocks <= room - file.fragment_offset);
    }
    uint64_t offset = file.offset;
    for (uint64_t i = file.first_block; i < file.first_block + file.blocks; ++i) {
      offset = check_block(offset, table_.block_sizes[i], table_.compression.block_size);
    }
  }

  // The end of the block.
  uint64_t check_block(uint64_t offset, uint32_t size, uint32_t unpacked_size) const {
    if (size == 0) return offset;
    const bool stored = (size & kStoredBlock) != 0;
    const uint32_t bytes = size & ~kStoredBlock;
    check(stored ? bytes == unpacked_size : bytes < unpacked_size);
    check(offset <= table_.data_size && bytes <= table_.data_size - offset);
    return offset + bytes;
  }

  const std::string& name_;
  PackTable table_;
};

}  // namespace

std::string pack_table_bytes(const PackTable& table) {
  std::string out;
  out.reserve(table.files.size() * kFileBytes + table.block_sizes.size() * kBlockBytes +
              table.fragments.size() * kFragmentBytes + kTrailerBytes);
  for (const PackedFile& file : table.files) {
    put(out, file.size);
    put(out, file.offset);
    put(out, file.blocks);
    put(out, file.fragment);
    put(out, file.fragment_offset);
    out.append(reinterpret_cast<const char*>(file.digest.data()), Digest::kSize);
  }
  for (size_t i = 0; i < table.block_sizes.size(); ++i) {
    put(out, table.block_sizes[i]);
    put(out, table.block_checksums[i]);
  }
  for (const PackedFragment& fragment : table.fragments) {
    put(out, fragment.offset);
    put(out, fragment.size);
    put(out, fragment.checksum);
    put(out, fragment.unpacked_size);
  }
  out += kMagic;
  put(out, kVersion);
  put(out, table.compression.block_size);
  put(out, static_cast<uint32_t>(table.compression.compressor));
  put(out, static_cast<uint32_t>(table.compression.level));
  put(out, table.data_size);
  put(out, uint64_t{table.files.size()});
  put(out, uint64_t{table.block_sizes.size()});
  put(out, uint64_t{table.fragments.size()});
  for (const uint64_t half : fast_checksum(out)) put(out, half);
  return out;
}

PackTable parse_pack_table(std::string_view bytes, uint64_t data_size, const std::string& name) {
  return Parser(name).parse(bytes, data_size);
}

PackTable read_pack_table(int fd, const std::string& name) {
  Parser parser(name);
  const auto info = stat_descriptor(fd);
  parser.check(info && info->kind == FileKind::kRegular && info->size >= kTrailerBytes);
  std::array<char, kTrailerBytes> trailer{};
  parser.check(read_at(fd, info->size - trailer.size(), trailer, name));
  const uint64_t data_size = parser.data_size({trailer.data(), trailer.size()});
  parser.check(data_size <= info->size - trailer.size());
  std::string bytes(info->size - data_size, '\0');
  parser.check(read_at(fd, data_size, bytes, name));
  return parser.parse(bytes, data_size);
}

}  // namespace cntr::squashfs
