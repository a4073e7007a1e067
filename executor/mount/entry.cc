#include "mount/entry.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/text.h"
#include "mount/mount_table.h"

namespace cntr::mount {
namespace {

// linux/magic.h and fs/squashfs/squashfs_fs.h
constexpr auto kSquashfsMagic = 0x73717368;
constexpr auto kFuseMagic = 0x65735546;
constexpr int kMostStacked = 8;  // mounts at one point, one over the other

std::string boot_name() {
  const std::optional<std::string> id = read_file_if_exists("/proc/sys/kernel/random/boot_id");
  return id ? id->substr(0, 8) : "boot";
}

}  // namespace

// --- records

std::string record_text(const Record& record) {
  std::string text;
  for (const std::string& field :
       {record.identity, record.point, std::string(record.made_directory ? "made" : "found"),
        record.file}) {
    text += field + '\0';
  }
  return text;
}

std::optional<Record> parse_record(const std::string& text) {
  const std::vector<std::string> fields = split(text, '\0');
  if (fields.size() != 5 || !fields[4].empty() || fields[0].empty() || fields[1].empty() ||
      (fields[2] != "made" && fields[2] != "found")) {
    return std::nullopt;
  }
  return Record{fields[0], fields[1], fields[2] == "made", fields[3]};
}

std::optional<Record> read_record(const Entry& entry) {
  const std::optional<std::string> text = read_file_if_exists(entry.record_file());
  return text ? parse_record(*text) : std::nullopt;
}

std::string namespace_name() {
  struct stat info {};
  if (stat("/proc/self/ns/mnt", &info) != 0) throw system_error("Cannot look at /proc", errno);
  return boot_name() + "-" + std::to_string(info.st_ino);
}

// --- locks

UniqueFd open_directory(const std::string& path) {
  return UniqueFd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

bool lock(const UniqueFd& fd, int operation, const std::string& path) {
  while (flock(fd.get(), operation) != 0) {
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) throw system_error("Cannot lock " + path, errno);
  }
  return true;
}

UniqueFd lock_file(const std::string& path, int operation) {
  UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!fd.valid()) throw system_error("Cannot open " + path, errno);
  return lock(fd, operation, path) ? std::move(fd) : UniqueFd();
}

bool may_be_at(const UniqueFd& fd, const std::string& path) {
  return !stat_link(path) || is_at(fd, path);
}

bool is_at(const UniqueFd& fd, const std::string& path) {
  const std::optional<FileStat> open_file = stat_descriptor(fd.get());
  const std::optional<FileStat> named_file = stat_link(path);
  return open_file && named_file && open_file->device == named_file->device &&
         open_file->inode == named_file->inode;
}

UniqueFd lock_entry(const Entry& entry, int operation) {
  UniqueFd fd = open_directory(entry.directory);
  if (!fd.valid() || !lock(fd, operation, entry.directory) || !is_at(fd, entry.directory)) {
    return {};
  }
  return fd;
}

// --- what is there

// Not stat(): the kernel answers that for a FUSE process that is dead, from memory.
Seen look_at(const std::string& point) {
  struct statfs file_system {};
  if (statfs(point.c_str(), &file_system) != 0) {
    switch (errno) {
      case ENOENT:
      case ENOTDIR:
        return Seen::kNothing;
      case EACCES:
      case EPERM:
        return Seen::kForeign;
      default:  // ENOTCONN; ECONNABORTED, EIO where the connection was cut
        return Seen::kDead;
    }
  }
  if (file_system.f_type != kSquashfsMagic && file_system.f_type != kFuseMagic) {
    return Seen::kNothing;
  }
  const std::optional<FileStat> root = stat_link(point);
  const std::optional<FileStat> above = stat_link(parent_path(point));
  return root && above && root->device != above->device ? Seen::kWorking : Seen::kNothing;
}

bool is_guarded(const Entry& entry) {
  const std::string path = entry.guardian_file();
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  return fd.valid() && !lock(fd, LOCK_SH | LOCK_NB, path);
}

Situation examine(const Entry& entry, const std::string& identity) {
  Situation situation;
  situation.seen = look_at(entry.point);
  if (const std::optional<Record> record = read_record(entry)) {
    const bool same = record->identity == identity && record->point == entry.point;
    situation.recorded = same ? Recorded::kSame : Recorded::kOther;
  }
  situation.guarded = is_guarded(entry);
  return situation;
}

Action action_for(const Situation& situation) {
  if (situation.seen == Seen::kForeign) return Action::kGiveUp;
  if (situation.seen == Seen::kNothing) return Action::kStart;
  if (situation.recorded == Recorded::kOther) return Action::kReplace;
  const bool sound = situation.seen == Seen::kWorking && situation.recorded == Recorded::kSame;
  return sound && situation.guarded ? Action::kJoin : Action::kStart;
}

// --- the end

std::optional<std::string> dismantle(const Entry& entry) {
  for (int i = 0;; ++i) {
    const std::vector<MountEntry> table = read_mount_table();
    const bool mounted = std::any_of(table.begin(), table.end(), [&](const MountEntry& mount) {
      return mount.point == entry.point && shows_squashfs(mount);
    });
    if (!mounted) break;
    if (i == kMostStacked) return "too much is mounted there";
    if (!shows_squashfs(*find_mount(table, entry.point))) return "something is mounted over it";
    const bool dead = look_at(entry.point) == Seen::kDead;
    if (auto trouble =
            unmount_directory(entry.point, dead ? Unmounting::kAtOnce : Unmounting::kIfUnused)) {
      return trouble;
    }
  }
  const std::optional<Record> record = read_record(entry);
  if (entry.own_point() || (record && record->made_directory)) rmdir(entry.point.c_str());
  for (const std::string& name : list_directory(entry.directory)) {
    unlink((entry.directory + "/" + name).c_str());
  }
  rmdir(entry.directory.c_str());
  rmdir(parent_path(entry.directory).c_str());  // unless there are other entries
  return std::nullopt;
}

void sweep(const std::string& namespace_directory, const std::string& but) {
  for (const std::string& name : list_directory(namespace_directory)) {
    Entry entry{namespace_directory + "/" + name, namespace_directory + "/" + name + "/root"};
    if (entry.directory == but) continue;
    const UniqueFd exclusive = lock_entry(entry, LOCK_EX | LOCK_NB);
    if (!exclusive.valid() || is_guarded(entry)) continue;
    if (const std::optional<Record> record = read_record(entry)) entry.point = record->point;
    if (exists(entry.pinned_file()) && look_at(entry.point) == Seen::kWorking) continue;
    dismantle(entry);  // failing, it is swept another time
  }
}

}  // namespace cntr::mount
