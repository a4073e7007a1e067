// /proc/self/mountinfo, as proc_pid_mountinfo(5) describes it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cntr::mount {

struct MountEntry {
  std::string device;  // "major:minor"
  std::string point;   // where it is mounted
  std::string type;    // "squashfs", "fuse.squashfuse_ll", ...
  std::string source;
  bool operator==(const MountEntry&) const = default;
};

// In the order of the text: of several mounts at one point the last one is seen. Lines of another
// form are left out. \ooo stands for a byte in the paths.
std::vector<MountEntry> parse_mount_table(std::string_view text);

// This process's.
std::vector<MountEntry> read_mount_table();

// What is seen at exactly this path.
std::optional<MountEntry> find_mount(const std::vector<MountEntry>& table, const std::string& path);

// Whether it shows a squashfs file, by the kernel or by squashfuse.
bool shows_squashfs(const MountEntry& mount);

}  // namespace cntr::mount
