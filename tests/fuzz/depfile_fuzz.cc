#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "ninja/depfile.h"

namespace {

// Not empty, each once, and together not longer than the text.
bool are_names(const std::vector<std::string>& names, size_t text_size) {
  size_t total = 0;
  for (const std::string& name : names) total += name.size();
  return std::set<std::string>(names.begin(), names.end()).size() == names.size() &&
         total >= names.size() && total <= text_size;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const cntr::ninja::Depfile depfile = cntr::ninja::parse_depfile(text, "x.d");
    if (!are_names(depfile.targets, size) || !are_names(depfile.inputs, size)) std::abort();
  } catch (const cntr::Error& error) {
    if (error.kind() != cntr::ErrorKind::kUser) std::abort();
  }
  return 0;
}
