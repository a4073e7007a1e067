#include "mount/private_view.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "base/error.h"
#include "base/file_system.h"

namespace cntr::mount {
namespace {

void write_setting(const std::string& path, const std::string& text) {
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.valid()) throw system_error("Cannot write " + path, errno);
  write_all(fd.get(), text, path);
}

bool enter_namespaces() {
  const uid_t uid = geteuid();
  const gid_t gid = getegid();
  if (unshare(uid == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  if (uid != 0) {
    const auto same = [](unsigned id) {
      return std::to_string(id) + " " + std::to_string(id) + " 1\n";
    };
    write_setting("/proc/self/uid_map", same(uid));
    write_setting("/proc/self/setgroups", "deny");
    write_setting("/proc/self/gid_map", same(gid));
  }
  // What is unmounted outside later goes here as well; what is mounted here stays here.
  if (::mount("none", "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) {
    throw system_error("Cannot make the mounts private", errno);
  }
  return true;
}

void show_at(const std::string& from, const std::string& to, unsigned long flags) {
  if (::mount(from.c_str(), to.c_str(), nullptr, MS_BIND | flags, nullptr) != 0) {
    throw system_error("Cannot show " + from + " at " + to, errno);
  }
}

// nullopt also for what another user has mounted, into which only that one may look.
std::optional<FileStat> look_into(const std::string& path) {
  try {
    return stat_link(path);
  } catch (const Error&) {
    return std::nullopt;
  }
}

// The nearest directory on the way to `path` that is there. A link at `path` is none: it may lead
// to where this user may not look.
std::string nearest_directory(const std::string& path) {
  const auto stat = look_into(path);
  std::string at = stat && stat->kind != FileKind::kSymlink ? path : parent_path(path);
  while (!exists(at)) at = parent_path(at);
  return at;
}

void show_entry(const std::string& from, const std::string& to, FileKind kind) {
  if (kind == FileKind::kSymlink) {
    if (symlink(read_link(from).c_str(), to.c_str()) != 0) {
      throw system_error("Cannot make the link " + to, errno);
    }
    return;
  }
  if (kind == FileKind::kDirectory) {
    make_directories(to);
  } else {
    write_file_atomically(to, "");
  }
  show_at(from, to, MS_REC);
}

// Replaces a directory by one in memory that shows the same entries, but for a link at `path`, and
// has room for more.
void make_room(const std::string& directory, const std::string& path) {
  const UniqueFd old(open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!old.valid()) throw system_error("Cannot open " + directory, errno);
  const std::string below = "/proc/self/fd/" + std::to_string(old.get()) + "/";
  const auto stat = stat_file(directory);
  if (::mount("tmpfs", directory.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") != 0) {
    throw system_error("Cannot make room in " + directory, errno);
  }
  for (const std::string& name : list_directory(below)) {
    if (directory + "/" + name == path) continue;
    const auto entry = look_into(below + name);
    if (entry) show_entry(below + name, directory + "/" + name, entry->kind);
  }
  chmod(directory.c_str(), stat->mode);
}

}  // namespace

bool show_privately(const std::string& directory, const std::string& path) {
  const std::string nearest = nearest_directory(path);
  const auto stat = stat_file(nearest);
  if (nearest == "/" || stat->kind != FileKind::kDirectory) {
    throw environment_error(
        "There is no room for " + path + ": " +
        (nearest == "/" ? "make the directory " + path : nearest + " is no directory"));
  }
  const std::string here = current_directory();
  if (!enter_namespaces()) return false;
  if (nearest != path) {
    make_room(nearest, path);
    make_directories(path);
  }
  show_at(directory, path, 0);
  // The current directory may be one that was replaced.
  if (chdir(here.c_str()) != 0) throw system_error("Cannot go back into " + here, errno);
  return true;
}

}  // namespace cntr::mount
