// SHA-256 of content (FIPS 180-4), by OpenSSL.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace cntr {

// A value type of 32 bytes. A default Digest is all zeros and equals no content.
class Digest {
 public:
  static constexpr size_t kSize = 32;

  // 64 lower-case hexadecimal digits, with or without "sha256:" before them; else nullopt.
  static std::optional<Digest> parse(std::string_view text);

  std::string hex() const;   // 64 digits
  std::string text() const;  // "sha256:" + hex()

  uint8_t* data() { return bytes_.data(); }
  const uint8_t* data() const { return bytes_.data(); }

  auto operator<=>(const Digest&) const = default;

 private:
  std::array<uint8_t, kSize> bytes_{};
};

// A running hash. Not thread-safe; use one a thread.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void update(std::string_view bytes);
  // Ends the hash; the object must not be used after it.
  Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Digest digest_of(std::string_view bytes);

// Reads the descriptor from its current offset to its end. Throws an environment Error that names
// `path` when reading fails.
Digest digest_of_open_file(int fd, const std::string& path);

// Follows symbolic links. Throws an environment Error when the file cannot be read.
Digest digest_of_file(const std::string& path);

}  // namespace cntr
