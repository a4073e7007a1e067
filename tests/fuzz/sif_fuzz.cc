#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "image/sif.h"

namespace {

class Bytes : public cntr::image::SifBytes {
 public:
  explicit Bytes(std::string_view text) : text_(text) {}
  uint64_t size() const override { return text_.size(); }
  std::string read(uint64_t offset, uint64_t count) const override {
    // Nothing outside may be asked for.
    if (offset > text_.size() || count > text_.size() - offset) std::abort();
    return std::string(text_.substr(offset, count));
  }

 private:
  std::string_view text_;
};

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Bytes bytes(std::string_view(reinterpret_cast<const char*>(data), size));
  try {
    const cntr::image::SifPartition found = cntr::image::find_root_partition(bytes);
    if (found.size == 0 || found.offset > size || found.size > size - found.offset) std::abort();
  } catch (const cntr::Error& error) {
    if (error.kind() != cntr::ErrorKind::kUser) std::abort();
  }
  return 0;
}
