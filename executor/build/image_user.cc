#include "build/image_user.h"

#include <cctype>
#include <charconv>
#include <cstring>
#include <limits>
#include <optional>

#include "base/error.h"
#include "base/file_system.h"
#include "base/text.h"

namespace cntr::build {
namespace {

std::optional<uint32_t> parse_id(const std::string& text) {
  uint32_t id = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, id);
  if (failure != std::errc() || rest != end || id == std::numeric_limits<uint32_t>::max()) {
    return std::nullopt;
  }
  return id;
}

// The fields of the first line of an account file whose field `column` is `value`.
std::optional<std::vector<std::string>> find_line(const std::string& path, size_t column,
                                                  const std::string& value, size_t fields) {
  const auto info = stat_link(path);
  if (!info || info->kind != FileKind::kRegular) return std::nullopt;
  for (const std::string& line : split(read_file(path), '\n')) {
    std::vector<std::string> parts = split(line, ':');
    if (parts.size() >= fields && parts[column] == value) return parts;
  }
  return std::nullopt;
}

Error not_found(const char* what, const std::string& name, const char* file) {
  return user_error(std::string("the image's ") + what + " " + quote(name) + " is not in its " +
                    file);
}

}  // namespace

runner::UserIds image_user(const std::string& user, const std::string& root_directory) {
  constexpr size_t kIdColumn = 2;
  const size_t colon = user.find(':');
  const std::string name = user.substr(0, colon);
  const std::string group = colon == std::string::npos ? "" : user.substr(colon + 1);
  runner::UserIds ids;
  const std::string passwd = root_directory + "/etc/passwd";
  // ":50" is root with another group.
  if (const auto uid = name.empty() ? std::optional<uint32_t>(0) : parse_id(name)) {
    ids.uid = *uid;
    if (const auto line = find_line(passwd, kIdColumn, std::to_string(*uid), 4)) {
      ids.gid = parse_id((*line)[3]).value_or(0);
    }
  } else {
    const auto line = find_line(passwd, 0, name, 4);
    const auto found = line ? parse_id((*line)[kIdColumn]) : std::nullopt;
    if (!found) throw not_found("user", name, "/etc/passwd");
    ids.uid = *found;
    ids.gid = parse_id((*line)[3]).value_or(0);
  }
  if (group.empty()) return ids;
  if (const auto gid = parse_id(group)) {
    ids.gid = *gid;
    return ids;
  }
  const auto line = find_line(root_directory + "/etc/group", 0, group, 3);
  const auto found = line ? parse_id((*line)[kIdColumn]) : std::nullopt;
  if (!found) throw not_found("group", group, "/etc/group");
  ids.gid = *found;
  return ids;
}

int image_stop_signal(const std::string& text) {
  constexpr int kFirstRealTime = 34;  // of the C library; the kernel has two more
  constexpr int kLast = 64;
  std::string name = text;
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (name.starts_with("SIG")) name.erase(0, 3);
  for (int number = 1; number <= kLast; ++number) {
    const char* const known = sigabbrev_np(number);
    if (name == std::to_string(number) || (known != nullptr && name == known) ||
        (number == kFirstRealTime && name == "RTMIN") ||
        (number > kFirstRealTime && name == "RTMIN+" + std::to_string(number - kFirstRealTime))) {
      return number;
    }
  }
  throw user_error("the image's StopSignal " + quote(text) + " is no signal");
}

}  // namespace cntr::build
