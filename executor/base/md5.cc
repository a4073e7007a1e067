#include "base/md5.h"

// See digest.cc.
#define OPENSSL_API_COMPAT 0x10100000L
#include <openssl/md5.h>

namespace cntr {

struct Md5::State {
  MD5_CTX context;
};

Md5::Md5() : state_(std::make_unique<State>()) { MD5_Init(&state_->context); }

Md5::~Md5() = default;

void Md5::update(std::string_view bytes) {
  MD5_Update(&state_->context, bytes.data(), bytes.size());
}

std::string Md5::finish() {
  constexpr char kDigits[] = "0123456789abcdef";
  unsigned char bytes[MD5_DIGEST_LENGTH];
  MD5_Final(bytes, &state_->context);
  std::string out;
  for (const unsigned char byte : bytes) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

}  // namespace cntr
