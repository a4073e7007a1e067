#include "squashfs/compression.h"

#include <array>
#include <charconv>
#include <optional>

#include "base/error.h"
#include "base/text.h"

namespace cntr::squashfs {
namespace {

struct Known {
  std::string_view name;
  Compressor compressor;
  int lowest;
  int highest;
  int usual;
};
constexpr std::array<Known, 4> kKnown = {{{"gzip", Compressor::kGzip, 1, 9, 9},
                                          {"xz", Compressor::kXz, 0, 9, 6},
                                          {"lz4", Compressor::kLz4, 0, 0, 0},
                                          {"zstd", Compressor::kZstd, 1, 22, 3}}};

Error unknown(std::string_view text) {
  return user_error("there is no compression " + quote(std::string(text)),
                    {"It is zstd, zstd:1 to zstd:22, lz4, gzip, gzip:1 to gzip:9, xz or xz:0 to "
                     "xz:9."});
}

std::optional<int> parse_level(std::string_view text) {
  int level = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), level);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return level;
}

}  // namespace

Compression parse_compression(std::string_view text) {
  const size_t colon = text.find(':');
  for (const Known& known : kKnown) {
    if (known.name != text.substr(0, colon)) continue;
    Compression compression{known.compressor, known.usual};
    if (colon == std::string_view::npos) return compression;
    const auto level = parse_level(text.substr(colon + 1));
    if (!level || known.highest == 0 || *level < known.lowest || *level > known.highest) break;
    compression.level = *level;
    return compression;
  }
  throw unknown(text);
}

std::string compression_text(const Compression& compression) {
  for (const Known& known : kKnown) {
    if (known.compressor != compression.compressor) continue;
    const std::string name(known.name);
    return known.highest == 0 ? name : name + ":" + std::to_string(compression.level);
  }
  throw internal_error("A compressor has no name");
}

}  // namespace cntr::squashfs
