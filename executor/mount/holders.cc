#include "mount/holders.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "base/error.h"
#include "base/text.h"

namespace cntr::mount {
namespace {

constexpr std::string_view kGuardian = "cntr-mount";

struct FileId {
  uint64_t device = 0;
  uint64_t inode = 0;
  bool operator==(const FileId&) const = default;
};

// nullopt for what is not there or may not be looked at.
std::optional<FileId> id_of(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return std::nullopt;
  return FileId{info.st_dev, info.st_ino};
}

std::vector<std::string> names_in(const std::string& directory) {
  try {
    return list_directory(directory);
  } catch (const Error&) {
    return {};  // another user's process, or one that has ended
  }
}

std::string text_of(const std::string& path) {
  try {
    return read_file_if_exists(path).value_or("");
  } catch (const Error&) {
    return "";
  }
}

// What there is to be used.
struct Wanted {
  std::optional<uint64_t> device;  // of the mount
  std::optional<FileId> lock;      // the entry's directory
};

bool has_open(const std::string& process, const Wanted& wanted) {
  const std::vector<std::string> fds = names_in(process + "/fd");
  return std::any_of(fds.begin(), fds.end(), [&](const std::string& fd) {
    const std::optional<FileId> id = id_of(process + "/fd/" + fd);
    return id && (id == wanted.lock || id->device == wanted.device);
  });
}

bool uses_otherwise(const std::string& process, const Wanted& wanted) {
  if (!wanted.device) return false;
  for (const char* link : {"/cwd", "/root", "/exe"}) {
    const std::optional<FileId> id = id_of(process + link);
    if (id && id->device == wanted.device) return true;
  }
  const std::vector<std::string> maps = split(text_of(process + "/maps"), '\n');
  return std::any_of(maps.begin(), maps.end(),
                     [&](const std::string& line) { return maps_device(line, *wanted.device); });
}

}  // namespace

bool maps_device(std::string_view line, uint64_t device) {
  std::array<char, 32> text{};
  snprintf(text.data(), text.size(), "%02x:%02x", gnu_dev_major(device), gnu_dev_minor(device));
  // address permissions offset device inode path
  const std::vector<std::string> fields = split(line, ' ');
  return fields.size() > 4 && fields[3] == text.data();
}

std::vector<Holder> find_holders(const Entry& entry) {
  Wanted wanted;
  if (look_at(entry.point) == Seen::kWorking) {
    if (const std::optional<FileId> root = id_of(entry.point)) wanted.device = root->device;
  }
  wanted.lock = id_of(entry.directory);
  std::vector<Holder> found;
  for (const std::string& name : names_in("/proc")) {
    const int pid = atoi(name.c_str());
    if (pid <= 0) continue;
    const std::string process = "/proc/" + name;
    std::string command = text_of(process + "/comm");
    if (command.ends_with('\n')) command.pop_back();
    if (command == kGuardian) continue;
    if (!has_open(process, wanted) && !uses_otherwise(process, wanted)) continue;
    found.push_back({pid, std::move(command)});
  }
  return found;
}

}  // namespace cntr::mount
