#include "env/prefix.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>

#include "base/error.h"
#include "base/file_system.h"
#include "base/text.h"

namespace cntr::env {
namespace {

constexpr size_t kLongestShebang = 127;  // what Linux reads of it
constexpr size_t kLongestPrefix = 200;   // placeholders have 255 bytes

// How many bytes a code unit has, and their order.
struct Encoding {
  size_t unit;
  bool big_endian;
};
constexpr std::array<Encoding, 5> kEncodings = {
    {{1, false}, {2, false}, {2, true}, {4, false}, {4, true}}};

uint32_t decode(std::string_view sequence) {
  constexpr std::array<uint32_t, 5> kMasks = {0, 0x7f, 0x1f, 0x0f, 0x07};
  uint32_t out = static_cast<unsigned char>(sequence[0]) & kMasks[sequence.size()];
  for (const char c : sequence.substr(1)) out = out << 6 | (static_cast<unsigned char>(c) & 0x3f);
  return out;
}

void append_unit(std::string& out, uint32_t unit, Encoding encoding) {
  for (size_t i = 0; i < encoding.unit; ++i) {
    const size_t shift = 8 * (encoding.big_endian ? encoding.unit - 1 - i : i);
    out += static_cast<char>(unit >> shift & 0xff);
  }
}

std::string encode(std::string_view utf8, Encoding encoding) {
  if (encoding.unit == 1) return std::string(utf8);
  std::string out;
  while (!utf8.empty()) {
    const size_t length = utf8_sequence_length(utf8);
    if (length == 0) throw user_error("the prefix " + quote(utf8) + " is not UTF-8");
    const uint32_t point = decode(utf8.substr(0, length));
    utf8.remove_prefix(length);
    if (encoding.unit == 2 && point > 0xffff) {
      append_unit(out, 0xd800 + ((point - 0x10000) >> 10), encoding);
      append_unit(out, 0xdc00 + ((point - 0x10000) & 0x3ff), encoding);
    } else {
      append_unit(out, point, encoding);
    }
  }
  return out;
}

// As std::string_view::find(). memmem() skips most bytes, because placeholders are long.
size_t find_bytes(std::string_view text, std::string_view wanted, size_t from = 0) {
  const void* const found =
      memmem(text.data() + from, text.size() - from, wanted.data(), wanted.size());
  return found == nullptr ? std::string_view::npos
                          : static_cast<size_t>(static_cast<const char*>(found) - text.data());
}

// All occurrences in `text`, from left to right, none overlapping another.
std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  for (;;) {
    const size_t found = find_bytes(text, from);
    if (found == std::string_view::npos) return out.append(text);
    out.append(text.substr(0, found)).append(to);
    text.remove_prefix(found + from.size());
  }
}

bool replace_in_text(std::string& content, std::string_view from, std::string_view to) {
  if (find_bytes(content, from) == std::string_view::npos) return false;
  content = replaced(content, from, to);
  return true;
}

// A string reaches from the placeholder to the next NUL (one code unit of zeros). One without a NUL
// behind it is left alone.
bool replace_in_binary(std::string& content, std::string_view from, std::string_view to,
                       size_t unit) {
  const std::string nul(unit, '\0');
  bool changed = false;
  size_t begin = find_bytes(content, from);
  while (begin != std::string_view::npos) {
    const size_t end = content.find(nul, begin + from.size());
    if (end == std::string::npos) return changed;
    if (to.size() > from.size()) {
      throw user_error("the prefix has " + std::to_string(to.size()) +
                       " bytes, and the package has room for " + std::to_string(from.size()));
    }
    const size_t size = end + unit - begin;
    std::string text = replaced(std::string_view(content).substr(begin, size), from, to);
    text.resize(size, '\0');
    content.replace(begin, size, text);
    changed = true;
    begin = find_bytes(content, from, begin + size);
  }
  return changed;
}

// "#! /path/to/program options" at the begin of a text, without its newline.
struct Shebang {
  std::string_view line;
  std::string_view program;
  std::string_view options;
};

std::optional<Shebang> find_shebang(std::string_view content) {
  if (!content.starts_with("#!")) return std::nullopt;
  Shebang out;
  out.line = content.substr(0, content.find('\n'));
  const size_t begin = out.line.find_first_not_of(' ', 2);
  if (begin == std::string_view::npos || out.line[begin] != '/') return std::nullopt;
  size_t end = begin;
  while (end < out.line.size() &&
         (std::string_view(" \r\t").find(out.line[end]) == std::string_view::npos ||
          (out.line[end] == ' ' && out.line[end - 1] == '\\'))) {
    ++end;
  }
  out.program = out.line.substr(begin, end - begin);
  out.options = out.line.substr(end);
  return out;
}

bool shorten_shebang(std::string& content) {
  const auto shebang = find_shebang(content);
  if (!shebang) return false;
  const size_t slash = shebang->program.rfind('/');
  const bool has_space = shebang->program.substr(0, slash).find("\\ ") != std::string_view::npos;
  if (shebang->line.size() <= kLongestShebang && !has_space) return false;
  const std::string shorter = "#!/usr/bin/env " + std::string(shebang->program.substr(slash + 1)) +
                              std::string(shebang->options);
  content = replaced(content, std::string(shebang->line), shorter);
  return true;
}

}  // namespace

void check_prefix(const std::string& prefix) {
  const auto error = [&](const std::string& what) {
    return user_error("The prefix " + quote(prefix) + " " + what,
                      {"A prefix is the absolute path where the environment is to be seen, such as "
                       "/opt/cntr/env."});
  };
  if (prefix.empty() || prefix[0] != '/') throw error("is not an absolute path");
  if (prefix == "/" || normal_path(prefix, "/") != prefix) throw error("is not a normal path");
  if (prefix.size() > kLongestPrefix) {
    throw error("is longer than " + std::to_string(kLongestPrefix) + " bytes");
  }
  for (std::string_view rest = prefix; !rest.empty();) {
    const size_t length = utf8_sequence_length(rest);
    if (length == 0) throw error("is not UTF-8");
    const auto c = static_cast<unsigned char>(rest[0]);
    constexpr std::string_view kForbidden = "\"'\\$`:;#%";
    if (c <= ' ' || c == 0x7f || kForbidden.find(rest[0]) != std::string_view::npos) {
      throw error("has the character " + quote(rest.substr(0, 1)) + ", which programs misread");
    }
    rest.remove_prefix(length);
  }
}

bool replace_prefix(std::string& content, FileMode mode, std::string_view placeholder,
                    std::string_view prefix) {
  bool changed = false;
  for (const Encoding encoding : kEncodings) {
    const std::string from = encode(placeholder, encoding);
    const std::string to = encode(prefix, encoding);
    changed |= mode == FileMode::kText ? replace_in_text(content, from, to)
                                       : replace_in_binary(content, from, to, encoding.unit);
  }
  if (mode == FileMode::kText) changed |= shorten_shebang(content);
  return changed;
}

std::string python_shebang(const std::string& interpreter) {
  const std::string line = "#!" + interpreter + "\n";
  if (line.size() <= kLongestShebang) return line;
  return "#!/bin/sh\n'''exec' \"" + interpreter + "\" \"$0\" \"$@\" #'''\n";
}

}  // namespace cntr::env
