#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "ninja/deps_log.h"

namespace {

// Every path and every number is good; the count of records.
size_t check(const cntr::ninja::DepsLog& log) {
  size_t records = 0;
  for (uint32_t number = 0; number < log.path_count(); ++number) {
    if (log.path(number).empty()) std::abort();
    const auto deps = log.deps(number);
    if (!deps) continue;
    ++records;
    for (const uint32_t input : deps->inputs) {
      if (input >= log.path_count()) std::abort();
    }
  }
  return records;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const cntr::ninja::DepsLog log(bytes);
  const size_t records = check(log);
  if (log.valid_bytes() > size) std::abort();
  if (log.version() == 0) return 0;
  // What is kept after recovery reads the same.
  const cntr::ninja::DepsLog recovered(bytes.substr(0, log.valid_bytes()));
  if (recovered.damaged() || recovered.path_count() != log.path_count() ||
      check(recovered) != records) {
    std::abort();
  }
  return 0;
}
