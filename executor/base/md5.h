// MD5 (RFC 1321), by OpenSSL: for sums that others wrote down. It protects from accidents only.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace cntr {

// A running hash. Not thread-safe; use one a thread.
class Md5 {
 public:
  Md5();
  ~Md5();
  Md5(const Md5&) = delete;
  Md5& operator=(const Md5&) = delete;

  void update(std::string_view bytes);
  // 32 lower-case hexadecimal digits. Ends the hash; the object must not be used after it.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cntr
