#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "image/containerfile.h"

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  size_t count = 0;
  const auto replace = [&](const cntr::image::BaseImage& base) -> std::string {
    if (base.name.empty()) std::abort();
    ++count;
    return "base";
  };
  try {
    const std::string once =
        cntr::image::replace_bases(text, "x", {"A=1"}, {"linux", "amd64", ""}, replace);
    if (count == 0 && once != text) std::abort();
    const size_t bases = count;
    count = 0;
    cntr::image::replace_bases(once, "x", {"A=1"}, {"linux", "amd64", ""}, replace);
    // A stage may be called as the replacement is.
    if (count > bases) std::abort();
  } catch (const cntr::Error& error) {
    if (error.kind() != cntr::ErrorKind::kUser) std::abort();
  }
  return 0;
}
