#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "image/reference.h"

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const std::string full = cntr::image::parse_reference(text).text();
    // The full form is a word of a command line, and its own full form.
    if (full.starts_with('-') || full.find_first_of(" \t\n") != std::string::npos) std::abort();
    if (cntr::image::parse_reference(full).text() != full) std::abort();
  } catch (const cntr::Error& error) {
    if (error.kind() != cntr::ErrorKind::kUser) std::abort();
  }
  return 0;
}
