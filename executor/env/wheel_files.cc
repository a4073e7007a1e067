#include "env/wheel_files.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/text.h"

namespace cntr::env {
namespace {

constexpr std::string_view kDigits64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// Base64 for URLs, without padding.
std::string base64(const Digest& digest) {
  const std::string hex = digest.hex();
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : hex) {
    bits = bits << 4U | static_cast<uint32_t>(c <= '9' ? c - '0' : c - 'a' + 10);
    count += 4;
    if (count >= 6) out += kDigits64[bits >> (count -= 6) & 63U];
  }
  if (count > 0) out += kDigits64[bits << (6 - count) & 63U];
  return out;
}

std::optional<Digest> digest_of_base64(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  constexpr size_t kHexDigits = 64;
  std::string hex;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    if (c == '=') break;
    const size_t value = kDigits64.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = bits << 6U | static_cast<uint32_t>(value);
    for (count += 6; count >= 4;) hex += kHex[bits >> (count -= 4) & 15U];
  }
  if (hex.size() < kHexDigits) return std::nullopt;
  return Digest::parse("sha256:" + hex.substr(0, kHexDigits));
}

// The fields of a line of comma-separated values; nullopt when a quote is open at its end.
std::optional<std::vector<std::string>> fields_of(std::string_view line) {
  std::vector<std::string> out(1);
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"') {
      out.back() += '"';
      ++i;
    } else if (line[i] == '"') {
      quoted = !quoted;
    } else if (line[i] == ',' && !quoted) {
      out.emplace_back();
    } else {
      out.back() += line[i];
    }
  }
  if (quoted) return std::nullopt;
  return out;
}

std::string field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

// "command = module:function", of which a file in bin/ and a line of Python are made. Old wheels
// have extras behind it, which are of no use there.
EntryPoint read_entry_point(const std::string& line) {
  const auto is_name = [](const std::string& text, std::string_view more) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '_' || more.find(c) != std::string_view::npos ||
             static_cast<unsigned char>(c) >= 0x80;
    });
  };
  const std::vector<std::string> sides = split(line.substr(0, line.find('[')), '=');
  const std::vector<std::string> target = split(sides.back(), ':');
  EntryPoint out{std::string(trimmed(sides.front())), std::string(trimmed(target.front())),
                 std::string(trimmed(target.back()))};
  const bool is_whole = sides.size() == 2 && target.size() == 2;
  if (!is_whole || !is_name(out.command, ".-+ ") || out.command.starts_with(".") ||
      !is_name(out.module, ".") || !is_name(out.function, ".")) {
    throw user_error("entry_points.txt: " + quote(line) + " names no function of Python");
  }
  return out;
}

}  // namespace

void check_wheel_version(std::string_view text) {
  constexpr std::string_view kKey = "Wheel-Version:";
  for (const std::string& line : split(text, '\n')) {
    if (!line.starts_with(kKey)) continue;
    const std::string version(trimmed(std::string_view(line).substr(kKey.size())));
    if (version == "1" || version.starts_with("1.")) return;
    throw user_error("WHEEL: version " + quote(version) + " of wheels is not known here");
  }
  throw user_error("WHEEL: it does not say the version of the format");
}

std::map<std::string, Digest> parse_wheel_record(std::string_view text) {
  constexpr std::string_view kSha256 = "sha256=";
  std::map<std::string, Digest> out;
  for (const std::string& raw : split(text, '\n')) {
    const std::string line(trimmed(raw));
    if (line.empty()) continue;
    const auto fields = fields_of(line);
    if (!fields || fields->size() != 3) throw user_error("RECORD: " + quote(line) + " is no line");
    const std::string& sum = (*fields)[1];
    if (!sum.starts_with(kSha256)) continue;
    const auto digest = digest_of_base64(std::string_view(sum).substr(kSha256.size()));
    if (!digest) throw user_error("RECORD: " + quote(sum) + " is no sum");
    if (!out.emplace((*fields)[0], *digest).second) {
      throw user_error("RECORD: " + quote((*fields)[0]) + " is there twice");
    }
  }
  return out;
}

std::string path_in_record(const std::string& path, const Python& python) {
  const std::string modules = python.site_packages + "/";
  if (path.starts_with(modules)) return path.substr(modules.size());
  std::string out;
  for (auto depth = std::count(modules.begin(), modules.end(), '/'); depth > 0; --depth) {
    out += "../";
  }
  return out + path;
}

std::string wheel_record_text(std::vector<InstalledFile> files, const std::string& record_path) {
  std::sort(files.begin(), files.end(),
            [](const InstalledFile& a, const InstalledFile& b) { return a.path < b.path; });
  std::string out;
  for (const InstalledFile& file : files) {
    out += field(file.path) + ",sha256=" + base64(file.digest) + "," + std::to_string(file.size) +
           "\n";
  }
  return out + field(record_path) + ",,\n";
}

std::vector<EntryPoint> parse_wheel_entry_points(std::string_view text) {
  std::map<std::string, EntryPoint> found;
  bool wanted = false;
  for (const std::string& raw : split(text, '\n')) {
    const std::string line(trimmed(raw));
    if (line.empty() || line[0] == '#' || line[0] == ';') continue;
    if (line[0] == '[') {
      wanted = line == "[console_scripts]" || line == "[gui_scripts]";
    } else if (wanted) {
      const EntryPoint entry = read_entry_point(line);
      found.insert_or_assign(entry.command, entry);
    }
  }
  std::vector<EntryPoint> out;
  for (auto& [name, entry] : found) out.push_back(std::move(entry));
  return out;
}

}  // namespace cntr::env
