#include "mount/mount_table.h"

#include <algorithm>

#include "base/file_system.h"
#include "base/text.h"

namespace cntr::mount {
namespace {

constexpr size_t kDeviceField = 2;
constexpr size_t kPointField = 4;
constexpr size_t kFirstOptionalField = 6;

bool is_octal(char c) { return c >= '0' && c <= '7'; }

std::string unescaped(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && text[i + 1] <= '3' && is_octal(text[i + 1]) &&
        is_octal(text[i + 2]) && is_octal(text[i + 3])) {
      out += static_cast<char>((text[i + 1] - '0') << 6 | (text[i + 2] - '0') << 3 |
                               (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::optional<MountEntry> parse_line(const std::string& line) {
  const std::vector<std::string> fields = split(line, ' ');
  if (fields.size() < kFirstOptionalField) return std::nullopt;
  const auto separator = std::find(fields.begin() + kFirstOptionalField, fields.end(), "-");
  if (fields.end() - separator < 3) return std::nullopt;
  MountEntry mount;
  mount.device = fields[kDeviceField];
  mount.point = unescaped(fields[kPointField]);
  mount.type = unescaped(separator[1]);
  mount.source = unescaped(separator[2]);
  return mount;
}

}  // namespace

std::vector<MountEntry> parse_mount_table(std::string_view text) {
  std::vector<MountEntry> table;
  for (const std::string& line : split(text, '\n')) {
    if (std::optional<MountEntry> mount = parse_line(line)) table.push_back(std::move(*mount));
  }
  return table;
}

std::vector<MountEntry> read_mount_table() {
  return parse_mount_table(read_file("/proc/self/mountinfo"));
}

std::optional<MountEntry> find_mount(const std::vector<MountEntry>& table,
                                     const std::string& path) {
  const auto found = std::find_if(table.rbegin(), table.rend(),
                                  [&](const MountEntry& mount) { return mount.point == path; });
  return found == table.rend() ? std::nullopt : std::optional(*found);
}

bool shows_squashfs(const MountEntry& mount) {
  return mount.type == "squashfs" || mount.type == "fuse.squashfuse" ||
         mount.type == "fuse.squashfuse_ll";
}

}  // namespace cntr::mount
