#include "base/digest.h"

// The functions of OpenSSL 1.1: those of 3.0 first name every algorithm that there is, which takes
// longer than all that one step hashes.
#define OPENSSL_API_COMPAT 0x10100000L
#include <openssl/sha.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "base/error.h"
#include "base/file_system.h"
#include "base/stop_request.h"

namespace cntr {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

std::optional<Digest> Digest::parse(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256:";
  if (text.substr(0, kPrefix.size()) == kPrefix) text.remove_prefix(kPrefix.size());
  if (text.size() != 2 * kSize) return std::nullopt;
  Digest digest;
  for (size_t i = 0; i < kSize; ++i) {
    const int high = hex_value(text[2 * i]);
    const int low = hex_value(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    digest.bytes_[i] = static_cast<uint8_t>(high * 16 + low);
  }
  return digest;
}

std::string Digest::hex() const {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(2 * kSize);
  for (const uint8_t byte : bytes_) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

std::string Digest::text() const { return "sha256:" + hex(); }

struct Sha256::State {
  SHA256_CTX context;
};

Sha256::Sha256() : state_(std::make_unique<State>()) { SHA256_Init(&state_->context); }

Sha256::~Sha256() = default;

void Sha256::update(std::string_view bytes) {
  SHA256_Update(&state_->context, bytes.data(), bytes.size());
}

Digest Sha256::finish() {
  Digest digest;
  SHA256_Final(digest.data(), &state_->context);
  return digest;
}

Digest digest_of(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

Digest digest_of_open_file(int fd, const std::string& path) {
  constexpr size_t kBufferSize = size_t{256} * 1024;
  const auto buffer = std::make_unique_for_overwrite<char[]>(kBufferSize);
  Sha256 hash;
  for (;;) {
    throw_if_stopped();
    const ssize_t count = read(fd, buffer.get(), kBufferSize);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error("Cannot read " + path, errno);
    if (count == 0) return hash.finish();
    hash.update({buffer.get(), static_cast<size_t>(count)});
  }
}

Digest digest_of_file(const std::string& path) {
  const UniqueFd fd = open_to_read(path);
  return digest_of_open_file(fd.get(), path);
}

}  // namespace cntr
