#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "ninja/ninja_log.h"

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const cntr::ninja::NinjaLog log(std::string(reinterpret_cast<const char*>(data), size));
  if (!log.problem().empty() && (log.version() != 0 || !log.entries().empty())) std::abort();
  for (const cntr::ninja::NinjaLogEntry& entry : log.entries()) {
    if (entry.output.empty() || entry.output.find_first_of("\t\n") != std::string_view::npos ||
        log.find(entry.output) != &entry) {
      std::abort();
    }
  }
  return 0;
}
