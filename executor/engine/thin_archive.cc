#include "engine/thin_archive.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <system_error>

namespace cntr::engine {
namespace {

constexpr size_t kHeader = 60;
constexpr size_t kName = 16;
constexpr size_t kSizeField = 48;
constexpr size_t kSizeDigits = 10;

std::vector<std::string_view> paths_in(std::string_view table) {
  std::vector<std::string_view> paths;
  while (true) {
    const size_t end = table.find("/\n");
    if (end == std::string_view::npos) return paths;
    if (end > 0) paths.push_back(table.substr(0, end));
    table.remove_prefix(end + 2);
  }
}

}  // namespace

std::vector<std::string_view> thin_archive_members(std::string_view bytes) {
  if (!bytes.starts_with(kThinArchiveMagic)) return {};
  bytes.remove_prefix(kThinArchiveMagic.size());
  // Before the paths stands at most a table of symbols.
  while (bytes.size() >= kHeader) {
    const std::string_view name = bytes.substr(0, kName);
    const char* const digits = bytes.data() + kSizeField;
    size_t size = 0;
    const auto parsed = std::from_chars(digits, digits + kSizeDigits, size);
    bytes.remove_prefix(kHeader);
    if (parsed.ec != std::errc() || size > bytes.size()) return {};
    if (name.starts_with("// ")) return paths_in(bytes.substr(0, size));
    if (!name.starts_with("/ ") && !name.starts_with("/SYM64/")) return {};
    bytes.remove_prefix(std::min(size + size % 2, bytes.size()));
  }
  return {};
}

}  // namespace cntr::engine
