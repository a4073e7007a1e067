#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "spec/lock.h"

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const cntr::spec::Lock lock = cntr::spec::parse_lock(text, "cntr.lock");
    const std::string written = cntr::spec::write_lock(lock);
    if (cntr::spec::parse_lock(written, "cntr.lock").images() != lock.images()) std::abort();
  } catch (const cntr::Error& error) {
    if (error.kind() != cntr::ErrorKind::kUser || error.location().file != "cntr.lock")
      std::abort();
  }
  return 0;
}
