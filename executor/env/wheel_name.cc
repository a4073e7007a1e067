#include "env/wheel_name.h"

#include <algorithm>
#include <array>
#include <string_view>
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

constexpr std::array<std::string_view, 5> kSourceEnds = {".tar.gz", ".tgz", ".tar.bz2", ".tar.xz",
                                                         ".zip"};

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

std::string file_of(const std::string& url) {
  const std::string path = without_escapes(url.substr(0, url.find_first_of("?#")));
  return path.substr(path.rfind('/') + 1);
}

// The file's name without the end of an archive; "" when it has none.
std::string source_stem(const std::string& file) {
  for (const std::string_view end : kSourceEnds) {
    if (file.ends_with(end)) return file.substr(0, file.size() - end.size());
  }
  return "";
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
  out.file = file_of(url);
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

bool names_source(const std::string& url) { return !source_stem(file_of(url)).empty(); }

WheelName source_name_of(const std::string& url, const std::string& project,
                         const Location& where) {
  WheelName out;
  out.file = file_of(url);
  out.name = normal_project_name(project);
  out.version = source_stem(out.file);
  const bool plain = std::all_of(out.version.begin(), out.version.end(),
                                 [](char c) { return c == '-' || is_word(std::string(1, c)); });
  if (out.version.empty() || out.version[0] == '.' || out.version[0] == '-' || !plain) {
    throw user_error_at(where, quote(url) + " is neither a wheel nor a source distribution",
                        {"These are named NAME-VERSION-PYTHON-ABI-PLATFORM.whl and "
                         "NAME-VERSION.tar.gz."});
  }
  const size_t dash = out.version.rfind('-');
  if (dash != std::string::npos && normal_project_name(out.version.substr(0, dash)) == out.name) {
    out.version.erase(0, dash + 1);
  }
  return out;
}

std::string without_fragment(const std::string& url) { return url.substr(0, url.find('#')); }

std::string subdirectory_of(const std::string& url, const Location& where) {
  constexpr std::string_view kMark = "#subdirectory=";
  const size_t begin = url.find('#');
  if (begin == std::string::npos || !url.substr(begin).starts_with(kMark)) return "";
  const std::string out = url.substr(begin + kMark.size());
  for (const std::string& part : split(out, '/')) {
    const bool plain = std::all_of(part.begin(), part.end(),
                                   [](char c) { return c == '-' || is_word(std::string(1, c)); });
    if (part.empty() || part == "." || part == ".." || !plain) {
      throw user_error_at(where, quote(out) + " is no directory of an archive");
    }
  }
  return out;
}

WheelName file_name_of(const LockedWheel& wheel) {
  return wheel.is_source ? source_name_of(wheel.url, wheel.name, wheel.where)
                         : wheel_name_of(wheel.url, wheel.where);
}

}  // namespace cntr::env
