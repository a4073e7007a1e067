#include "store/path_text.h"

#include <algorithm>

namespace cntr::store {
namespace {

constexpr std::string_view kDigits = "0123456789ABCDEF";

bool stands_for_itself(char c) { return c >= '!' && c <= '~' && c != '%'; }

}  // namespace

std::string path_to_text(std::string_view path) {
  std::string out;
  out.reserve(path.size());
  for (const char c : path) {
    if (stands_for_itself(c)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
  return out;
}

std::optional<std::string> path_from_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (stands_for_itself(text[i])) {
      out += text[i];
      continue;
    }
    if (text[i] != '%' || text.size() - i < 3) return std::nullopt;
    const size_t high = kDigits.find(text[i + 1]);
    const size_t low = kDigits.find(text[i + 2]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    const char c = static_cast<char>(high * 16 + low);
    if (stands_for_itself(c)) return std::nullopt;
    out += c;
    i += 2;
  }
  return out;
}

bool is_plain_relative_path(std::string_view path) {
  if (path.find('\0') != std::string_view::npos) return false;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    if (part.empty() || part == "." || part == "..") return false;
    begin = end + 1;
  }
  return true;
}

}  // namespace cntr::store
