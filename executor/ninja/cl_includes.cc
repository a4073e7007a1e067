#include "ninja/cl_includes.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "ninja/canonical_path.h"
#include "ninja/text_index.h"

namespace cntr::ninja {
namespace {

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

bool is_system_header(std::string_view path) {
  const std::string lower = lower_case(path);
  return lower.find("program files") != std::string::npos ||
         lower.find("microsoft visual studio") != std::string::npos;
}

bool is_source_name(std::string_view line) {
  constexpr std::array<std::string_view, 5> kEndings = {".c", ".cc", ".cxx", ".cpp", ".c++"};
  const std::string lower = lower_case(line);
  return std::any_of(kEndings.begin(), kEndings.end(),
                     [&lower](std::string_view ending) { return lower.ends_with(ending); });
}

// The header that a line names; "" when it names none.
std::string_view header_of(std::string_view line, std::string_view prefix) {
  if (!line.starts_with(prefix)) return {};
  line.remove_prefix(prefix.size());
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  return line;
}

// Takes the first line off the text.
std::string_view take_line(std::string_view& text) {
  const size_t end = std::min(text.find_first_of("\r\n"), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end);
  if (text.starts_with("\r\n")) {
    text.remove_prefix(2);
  } else if (!text.empty()) {
    text.remove_prefix(1);
  }
  return line;
}

}  // namespace

ClOutput filter_cl_output(std::string_view output, std::string_view prefix) {
  if (prefix.empty()) prefix = kDefaultIncludesPrefix;
  ClOutput result;
  TextIndex index;
  bool found_header = false;
  while (!output.empty()) {
    const std::string_view line = take_line(output);
    const std::string_view header = header_of(line, prefix);
    if (!header.empty()) {
      found_header = true;
      std::string path(header);
      canonicalize(path);
      if (is_system_header(path) || path.find('\0') != std::string::npos) continue;
      index.find_or_add(
          index_hash(path), [&](uint32_t id) { return result.includes[id] == path; },
          [&] {
            result.includes.push_back(path);
            return static_cast<uint32_t>(result.includes.size() - 1);
          });
    } else if (found_header || !is_source_name(line)) {
      result.text += line;
      result.text += '\n';
    }
  }
  return result;
}

}  // namespace cntr::ninja
