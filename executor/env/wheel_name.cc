#include "env/wheel_name.h"

#include <algorithm>
#include <vector>

#include "base/file_system.h"
#include "base/text.h"

namespace cntr::env {
namespace {

bool is_word(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '!' || c == '+';
  });
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::string without_escapes(const std::string& url) {
  std::string out;
  for (size_t at = 0; at < url.size(); ++at) {
    const bool escape = url[at] == '%' && at + 2 < url.size() && hex_digit(url[at + 1]) >= 0 &&
                        hex_digit(url[at + 2]) >= 0;
    if (escape) {
      out += static_cast<char>(hex_digit(url[at + 1]) * 16 + hex_digit(url[at + 2]));
      at += 2;
    } else {
      out += url[at];
    }
  }
  return out;
}

}  // namespace

std::string normal_project_name(const std::string& name) {
  std::string out;
  for (char c : name) {
    if (c == '_' || c == '.') c = '-';
    if (c == '-' && out.ends_with('-')) continue;
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

WheelName wheel_name_of(const std::string& url, const Location& where) {
  constexpr std::string_view kEnd = ".whl";
  WheelName out;
  out.file = without_escapes(url.substr(0, url.find_first_of("?#")));
  out.file = out.file.substr(out.file.rfind('/') + 1);
  const auto error = [&] {
    return user_error_at(where, quote(url) + " is no wheel",
                         {"A wheel is named NAME-VERSION-PYTHON-ABI-PLATFORM.whl."});
  };
  if (!out.file.ends_with(kEnd)) throw error();
  const std::vector<std::string> parts =
      split(std::string_view(out.file).substr(0, out.file.size() - kEnd.size()), '-');
  if (parts.size() != 5 && parts.size() != 6) throw error();
  if (!std::all_of(parts.begin(), parts.end(), is_word)) throw error();
  out.name = normal_project_name(parts[0]);
  out.version = parts[1];
  return out;
}

}  // namespace cntr::env
