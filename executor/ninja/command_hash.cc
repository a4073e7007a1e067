#include "ninja/command_hash.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

namespace cntr::ninja {
namespace {

template <typename Word>
Word word_at(const char* bytes) {
  Word word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// rapidhash is defined on little-endian words.
uint64_t little64(const char* bytes) {
  const auto word = word_at<uint64_t>(bytes);
  return std::endian::native == std::endian::little ? word : __builtin_bswap64(word);
}

uint64_t little32(const char* bytes) {
  const auto word = word_at<uint32_t>(bytes);
  return std::endian::native == std::endian::little ? word : __builtin_bswap32(word);
}

uint64_t byte_at(const char* bytes) { return static_cast<unsigned char>(*bytes); }

__extension__ using Wide = unsigned __int128;

struct Product {
  uint64_t low = 0;
  uint64_t high = 0;
};

Product multiply(uint64_t a, uint64_t b) {
  const Wide product = static_cast<Wide>(a) * b;
  return {static_cast<uint64_t>(product), static_cast<uint64_t>(product >> 64)};
}

uint64_t mix(uint64_t a, uint64_t b) {
  const Product product = multiply(a, b);
  return product.low ^ product.high;
}

constexpr uint64_t kRapidSeed = 0xbdd89aa982704029;
constexpr std::array<uint64_t, 3> kSecret = {0x2d358dccaa6c78a5, 0x8bb84b93962eacc9,
                                             0x4b33a62ed433d4a3};

uint64_t mix_pair(const char* bytes, uint64_t secret, uint64_t seed) {
  return mix(little64(bytes) ^ secret, little64(bytes + 8) ^ seed);
}

// The two words that are mixed last.
struct Words {
  uint64_t a = 0;
  uint64_t b = 0;
};

Words words_of_short(const char* bytes, size_t size) {
  if (size == 0) return {};
  if (size < 4) {
    return {byte_at(bytes) << 56 | byte_at(bytes + size / 2) << 32 | byte_at(bytes + size - 1), 0};
  }
  const char* const last = bytes + size - 4;
  const size_t step = size < 8 ? 0 : 4;
  return {little32(bytes) << 32 | little32(last),
          little32(bytes + step) << 32 | little32(last - step)};
}

// For more than 16 bytes; changes the seed.
Words words_of_long(const char* bytes, size_t size, uint64_t& seed) {
  size_t left = size;
  if (left > 48) {
    uint64_t second = seed;
    uint64_t third = seed;
    do {
      seed = mix_pair(bytes, kSecret[0], seed);
      second = mix_pair(bytes + 16, kSecret[1], second);
      third = mix_pair(bytes + 32, kSecret[2], third);
      bytes += 48;
      left -= 48;
    } while (left >= 48);
    seed ^= second ^ third;
  }
  if (left > 16) seed = mix_pair(bytes, kSecret[2], seed ^ kSecret[1]);
  if (left > 32) seed = mix_pair(bytes + 16, kSecret[2], seed);
  return {little64(bytes + left - 16), little64(bytes + left - 8)};
}

}  // namespace

uint64_t murmur_hash(std::string_view bytes) {
  constexpr uint64_t kSeed = 0xdecafbaddecafbad;
  constexpr uint64_t kFactor = 0xc6a4a7935bd1e995;
  constexpr int kShift = 47;
  uint64_t hash = kSeed ^ (bytes.size() * kFactor);
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    auto word = word_at<uint64_t>(bytes.data());
    word *= kFactor;
    word ^= word >> kShift;
    hash ^= word * kFactor;
    hash *= kFactor;
  }
  if (!bytes.empty()) {
    for (size_t i = 0; i < bytes.size(); ++i) hash ^= byte_at(bytes.data() + i) << (8 * i);
    hash *= kFactor;
  }
  hash ^= hash >> kShift;
  hash *= kFactor;
  return hash ^ (hash >> kShift);
}

uint64_t rapid_hash(std::string_view bytes) {
  const size_t size = bytes.size();
  uint64_t seed = kRapidSeed ^ mix(kRapidSeed ^ kSecret[0], kSecret[1]) ^ size;
  const Words words =
      size <= 16 ? words_of_short(bytes.data(), size) : words_of_long(bytes.data(), size, seed);
  const Product product = multiply(words.a ^ kSecret[1], words.b ^ seed);
  return mix(product.low ^ kSecret[0] ^ size, product.high ^ kSecret[1]);
}

uint64_t command_hash(std::string_view command, int log_version) {
  return log_version < 7 ? murmur_hash(command) : rapid_hash(command);
}

}  // namespace cntr::ninja
