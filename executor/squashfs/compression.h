// How the blocks of an image are compressed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cntr::squashfs {

// Those that every Linux kernel of the last years can mount. Values as in a superblock.
enum class Compressor : uint16_t { kGzip = 1, kXz = 4, kLz4 = 5, kZstd = 6 };

struct Compression {
  Compressor compressor = Compressor::kZstd;
  int level = 3;                     // gzip 1..9, xz 0..9, zstd 1..22; lz4 has none (0)
  uint32_t block_size = 128 * 1024;  // a power of two, 4 KiB to 1 MiB

  bool operator==(const Compression&) const = default;
};

// Reads "zstd", "zstd:19", "lz4", "gzip:6" or "xz". Throws a user Error that says what may stand
// there.
Compression parse_compression(std::string_view text);

// "zstd:3"
std::string compression_text(const Compression& compression);

}  // namespace cntr::squashfs
