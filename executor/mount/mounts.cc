#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <functional>
#include <thread>

#include "base/error.h"
#include "base/fast_hash.h"
#include "base/text.h"
#include "mount/child.h"
#include "mount/entry.h"
#include "mount/guardian.h"
#include "mount/holders.h"
#include "mount/mount.h"
#include "mount/mount_table.h"

namespace cntr::mount {
namespace {

// Each attempt fails because of something that another process did meanwhile.
constexpr int kAttempts = 200;
constexpr int kSilentGuardians = 3;
constexpr std::chrono::milliseconds kMoment{10};
constexpr size_t kMostNameBytes = 100;

std::string hash_text(const std::string& text) {
  std::array<char, 17> digits{};
  snprintf(digits.data(), digits.size(), "%016llx",
           static_cast<unsigned long long>(fast_hash(text)));
  return digits.data();
}

void check_name(const std::string& name) {
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
  if (!plain || name.empty() || name.size() > kMostNameBytes || name.front() == '.') {
    throw internal_error("bad name of a mount: " + quote(name));
  }
}

// As the kernel's table of mounts names it. The last component need not be there.
std::string real_path(const std::string& path) {
  std::array<char, PATH_MAX> parent;
  if (realpath(parent_path(path).c_str(), parent.data()) == nullptr) {
    throw system_error("Cannot find " + parent_path(path), errno);
  }
  const std::string above = parent.data();
  return (above == "/" ? "" : above) + "/" + base_name(path);
}

std::string namespace_directory(const std::string& place) {
  const bool is_there = exists(parent_path(place));
  return (is_there ? real_path(place) : place) + "/" + namespace_name();
}

Entry entry_for_name(const std::string& place, const std::string& name,
                     const std::string& identity) {
  const std::string directory = namespace_directory(place) + "/" + name + "-" + hash_text(identity);
  return {directory, directory + "/root"};
}

Entry entry_for_path(const std::string& place, const std::string& path) {
  return {namespace_directory(place) + "/at-" + hash_text(path), path};
}

Entry entry_at(const std::string& place, const std::string& point) {
  const std::string above = parent_path(point);
  if (parent_path(above) == namespace_directory(place)) return {above, point};
  return entry_for_path(place, point);
}

// Makes a directory whose parent may go at any moment. False when the parent has gone.
bool make_directory(const std::string& path, mode_t mode) {
  if (mkdir(path.c_str(), 0700) == 0) {
    chmod(path.c_str(), mode);
    return true;
  }
  if (errno == EEXIST) return true;
  if (errno == ENOENT) return false;
  throw system_error("Cannot make " + path, errno);
}

// The place with the directory of this namespace in it. Nobody else may write there: what they put
// there would be mounted. Otherwise says why it is of no use.
std::optional<std::string> prepare_place(const std::string& place) {
  const mode_t mode = geteuid() == 0 ? 0755 : 0700;
  try {
    make_directories(parent_path(parent_path(place)));
    for (const std::string& directory : {parent_path(place), place}) {
      make_directory(directory, mode);
      const std::optional<FileStat> info = stat_link(directory);
      if (!info || info->kind != FileKind::kDirectory) return directory + " is not a directory";
      if (info->uid != geteuid()) return directory + " belongs to another user";
      if ((info->mode & 0022) != 0) return directory + " may be written by others";
    }
    make_directory(namespace_directory(place), mode);
  } catch (const Error& error) {
    return error.message();
  }
  return std::nullopt;
}

// For those who come after: the guardian starts to count its idle time anew.
void leave_time(const UniqueFd& directory) { futimens(directory.get(), nullptr); }

// A mount of another user's, who is root: used if it is there and sound.
std::optional<MountedImage> join_shared(const Entry& entry, const std::string& identity) {
  UniqueFd shared = lock_entry(entry, LOCK_SH | LOCK_NB);
  if (!shared.valid()) return std::nullopt;
  const std::optional<FileStat> owner = stat_descriptor(shared.get());
  if (!owner || owner->uid != 0 || (owner->mode & 0022) != 0) return std::nullopt;
  if (action_for(examine(entry, identity)) != Action::kJoin) return std::nullopt;
  leave_time(shared);
  return MountedImage(entry.point, std::move(shared), false);
}

std::vector<std::string> notes_of(const std::vector<Holder>& holders) {
  std::vector<std::string> notes;
  for (const Holder& holder : holders) {
    notes.push_back("Process " + std::to_string(holder.pid) + " (" + printable(holder.command) +
                    ") uses it.");
  }
  return notes;
}

// Removes what is left of an entry where nothing could be mounted, unless somebody tries again.
void discard(const Entry& entry) {
  const UniqueFd exclusive = lock_entry(entry, LOCK_EX | LOCK_NB);
  if (exclusive.valid() && !is_guarded(entry)) dismantle(entry);
}

// One call of mount() or mount_at().
class Attempt {
 public:
  Attempt(const Settings& settings, const Source& source) : settings_(settings), file_(source) {}

  const SourceFile& file() const { return file_; }
  // nullopt: to be tried again.
  std::optional<Mounted> run(const Entry& entry, const std::function<void()>& replace);

 private:
  std::optional<Mounted> start(const Entry& entry, UniqueFd shared);

  const Settings& settings_;
  SourceFile file_;
};

std::optional<Mounted> Attempt::run(const Entry& entry, const std::function<void()>& replace) {
  const mode_t mode = geteuid() == 0 && everyone_may_read(file_.source().file) ? 0755 : 0700;
  if (!make_directory(entry.directory, mode)) return std::nullopt;
  UniqueFd shared = lock_entry(entry, LOCK_SH);
  if (!shared.valid()) return std::nullopt;
  switch (action_for(examine(entry, file_.identity()))) {
    case Action::kJoin:
      leave_time(shared);
      return MountedImage(entry.point, std::move(shared), false);
    case Action::kReplace:
      shared.reset();
      replace();
      return std::nullopt;
    case Action::kGiveUp:
      throw environment_error("Cannot mount at " + entry.point + ": it is another user's");
    case Action::kStart:
      break;
  }
  return start(entry, std::move(shared));
}

std::optional<Mounted> Attempt::start(const Entry& entry, UniqueFd shared) {
  const UniqueFd making = lock_file(entry.making_file(), LOCK_EX);
  // Another may have done it while this waited.
  if (action_for(examine(entry, file_.identity())) != Action::kStart) return std::nullopt;
  std::vector<std::string> argv{settings_.program};
  const Assignment assignment{entry, file_.source(), file_.identity(), settings_.idle,
                              settings_.ways};
  for (const std::string& word : arguments_of(assignment)) argv.push_back(word);
  for (int i = 0; i < kSilentGuardians; ++i) {
    const ChildResult child = run_child(argv, {making.get()});
    const std::optional<Report> report = parse_report(child.error);
    if (!report) continue;  // killed: the next repairs what it has left
    switch (report->answer) {
      case Answer::kMounted:
      case Answer::kAdopted:
        return MountedImage(entry.point, std::move(shared), report->answer == Answer::kMounted);
      case Answer::kChanged:
        return std::nullopt;
      case Answer::kNotPossible:
        shared.reset();
        discard(entry);
        return NotPossible{report->obstacle.reason, report->obstacle.fix};
      case Answer::kFailed:
        shared.reset();
        discard(entry);
        throw environment_error(report->obstacle.reason);
    }
  }
  throw environment_error("Cannot mount " + file_.source().file + ": " + settings_.program +
                          " ended without an answer");
}

}  // namespace

Mounted Mounts::mount(const Source& source, const std::string& name) const {
  check_name(name);
  if (settings_.ways.empty()) return NotPossible{"CNTR_MOUNT_WITH is none", ""};
  for (int i = 0; i < kAttempts; ++i) {
    Attempt attempt(settings_, source);
    const std::string& identity = attempt.file().identity();
    if (!settings_.shared_place.empty()) {
      auto joined = join_shared(entry_for_name(settings_.shared_place, name, identity), identity);
      if (joined) return std::move(*joined);
    }
    if (const auto trouble = prepare_place(settings_.place)) return NotPossible{*trouble, ""};
    // The entry is of this file alone: there is nothing to be replaced.
    auto mounted = attempt.run(entry_for_name(settings_.place, name, identity), [] {});
    if (mounted) return std::move(*mounted);
  }
  throw environment_error("Cannot mount " + source.file + ": it changes all the time");
}

Mounted Mounts::mount_at(const Source& source, const std::string& path) const {
  if (settings_.ways.empty()) return NotPossible{"CNTR_MOUNT_WITH is none", ""};
  for (int i = 0; i < kAttempts; ++i) {
    Attempt attempt(settings_, source);
    const std::string& identity = attempt.file().identity();
    make_directories(parent_path(path));
    const std::string point = real_path(path);
    if (!settings_.shared_place.empty()) {
      auto joined = join_shared(entry_for_path(settings_.shared_place, point), identity);
      if (joined) return std::move(*joined);
    }
    if (const auto trouble = prepare_place(settings_.place)) return NotPossible{*trouble, ""};
    auto mounted = attempt.run(entry_for_path(settings_.place, point), [&] {
      const std::vector<Holder> users = unmount(point);
      if (users.empty()) return;
      throw environment_error("Cannot mount " + source.file + " at " + point +
                                  ": another file is mounted there and in use",
                              notes_of(users));
    });
    if (mounted) return std::move(*mounted);
  }
  throw environment_error("Cannot mount " + source.file + " at " + path +
                          ": it changes all the time");
}

bool Mounts::pin(const std::string& path) const {
  const Entry entry = entry_for_path(settings_.place, real_path(path));
  const UniqueFd shared = lock_entry(entry, LOCK_SH);
  if (!shared.valid()) return false;
  write_file_atomically(entry.pinned_file(), "", 0644);
  return true;
}

std::vector<Holder> Mounts::unmount(const std::string& path) const {
  if (!exists(parent_path(path))) return {};
  const std::string point = real_path(path);
  const Entry entry = entry_at(settings_.place, point);
  std::string trouble;
  // The lock may be another's for the moment in which that one looks, or unmounts.
  for (int i = 0; i < kAttempts; ++i) {
    if (!exists(entry.directory)) {
      if (look_at(point) == Seen::kNothing) return {};
      throw environment_error("Cannot unmount " + point + ": Cntr has not mounted it");
    }
    trouble = "its lock is held";
    if (const UniqueFd exclusive = lock_entry(entry, LOCK_EX | LOCK_NB); exclusive.valid()) {
      const std::optional<std::string> refusal = dismantle(entry);
      if (!refusal) return {};
      trouble = *refusal;
    }
    std::vector<Holder> users = holders(point);
    if (!users.empty()) return users;
    std::this_thread::sleep_for(kMoment);
  }
  throw environment_error("Cannot unmount " + point + ": " + trouble);
}

std::vector<Holder> Mounts::holders(const std::string& path) const {
  if (!exists(parent_path(path))) return {};
  const std::string point = real_path(path);
  return find_holders(entry_at(settings_.place, point));
}

void reserve(int lock_descriptor, std::chrono::seconds time) {
  timespec until{};
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += time.count();
  const std::array<timespec, 2> times{until, until};
  futimens(lock_descriptor, times.data());  // of a mount of root's it is not allowed
}

bool hold(int descriptor) {
  struct stat info {};
  if (flock(descriptor, LOCK_SH | LOCK_NB) != 0 || fstat(descriptor, &info) != 0) return false;
  if (info.st_nlink == 0) return false;
  futimens(descriptor, nullptr);
  return true;
}

bool is_mounted(const std::string& path) {
  if (look_at(path) != Seen::kWorking) return false;
  const std::optional<MountEntry> mount = find_mount(read_mount_table(), real_path(path));
  return mount && shows_squashfs(*mount);
}

}  // namespace cntr::mount
