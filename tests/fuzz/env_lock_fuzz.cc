#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

#include "base/error.h"
#include "env/lock.h"

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const cntr::env::EnvLock lock = cntr::env::parse_lock(text, "/dir/lock", {});
    std::set<std::string> names;
    for (const auto& package : lock.packages) {
      if (!names.insert(package.name).second || package.file_name.find('/') != std::string::npos ||
          (!package.md5.empty() && package.md5.size() != 32)) {
        std::abort();
      }
    }
  } catch (const cntr::Error& error) {
    if (error.kind() != cntr::ErrorKind::kUser) std::abort();
  }
  return 0;
}
