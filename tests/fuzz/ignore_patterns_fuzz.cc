#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "image/ignore_patterns.h"

namespace {

bool is_path_in_context(std::string_view path) {
  return !path.empty() && path.front() != '/' && path.back() != '/' &&
         path.find("//") == std::string_view::npos;
}

}  // namespace

// The first line is a path, the others are the file.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view path = text.substr(0, text.find('\n'));
  if (!is_path_in_context(path)) return 0;
  const std::string rules(text.substr(path.size()));
  try {
    const auto patterns = cntr::image::IgnorePatterns::parse(rules, "x");
    const bool ignored = patterns.ignores(path);
    // What is below something ignored is ignored, unless an exception says otherwise.
    if (ignored && !patterns.has_exceptions() && !patterns.ignores(std::string(path) + "/below")) {
      std::abort();
    }
    // The last word decides.
    const auto with_all = cntr::image::IgnorePatterns::parse(rules + "\n**", "x");
    if (!with_all.ignores(path)) std::abort();
    const auto with_none = cntr::image::IgnorePatterns::parse(rules + "\n!**", "x");
    if (with_none.ignores(path)) std::abort();
  } catch (const cntr::Error& error) {
    if (error.kind() != cntr::ErrorKind::kUser) std::abort();
  }
  return 0;
}
