// One mount's directory in the place, and its locks.
//
//   <place>/<namespace>/<entry>/            flock: shared by who uses the mount; exclusive for who
//                                           unmounts it, which takes a moment
//   <place>/<namespace>/<entry>/guardian    flock, exclusive: the guardian's, for its life. Whose
//                                           lock is on the file of this name guards the mount
//   <place>/<namespace>/<entry>/making      flock, exclusive: who starts a guardian, and the
//                                           guardian until it has mounted
//   <place>/<namespace>/<entry>/record      what is mounted, and where (Record)
//   <place>/<namespace>/<entry>/pinned      it stays mounted although nobody uses it
//   <place>/<namespace>/<entry>/root        where it is mounted, unless that is a given path
//
// <namespace> stands for the mount namespace and the boot of the machine: a place that others can
// see too, on a shared file system or in a container, is nevertheless not shared with them. Nobody
// removes an entry without its exclusive lock, so after locking it one must look whether the
// directory is still there (lock_shared).
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/file_system.h"
#include "mount/source_file.h"
#include "mount/ways.h"

namespace cntr::mount {

// Written before mounting.
struct Record {
  std::string identity;         // SourceFile::identity()
  std::string point;            // where it is mounted
  bool made_directory = false;  // the point was made for the mount, and goes with it
  std::string file;             // for people
  bool operator==(const Record&) const = default;
};
std::string record_text(const Record& record);
std::optional<Record> parse_record(const std::string& text);

struct Entry {
  std::string directory;
  std::string point;

  std::string guardian_file() const { return directory + "/guardian"; }
  std::string making_file() const { return directory + "/making"; }
  std::string record_file() const { return directory + "/record"; }
  std::string pinned_file() const { return directory + "/pinned"; }
  bool own_point() const { return point == directory + "/root"; }
};

std::optional<Record> read_record(const Entry& entry);  // nullopt also for a damaged one

// Below <place>: the name of this mount namespace.
std::string namespace_name();

// --- locks. Descriptors are close-on-exec.

UniqueFd open_directory(const std::string& path);  // not valid when it is none, or is a link
// False when another holds it and `operation` has LOCK_NB. Throws an environment Error otherwise.
bool lock(const UniqueFd& fd, int operation, const std::string& path);
// Opens the file, made when missing, and locks it. Not valid when another holds it (LOCK_NB).
UniqueFd lock_file(const std::string& path, int operation);
// Whether the name still leads to what is open. True when nothing has that name.
bool may_be_at(const UniqueFd& fd, const std::string& path);
bool is_at(const UniqueFd& fd, const std::string& path);
// The entry's lock; not valid when the directory is missing or, with LOCK_NB, when another holds
// it.
UniqueFd lock_entry(const Entry& entry, int operation);

// --- what is there

enum class Seen {
  kNothing,  // no mount
  kWorking,  // a squashfs or FUSE mount
  kDead,     // a FUSE mount without its process
  kForeign,  // another user's
};
enum class Recorded { kNone, kSame, kOther };
struct Situation {
  Seen seen = Seen::kNothing;
  Recorded recorded = Recorded::kNone;
  bool guarded = false;
};
Seen look_at(const std::string& point);
bool is_guarded(const Entry& entry);
Situation examine(const Entry& entry, const std::string& identity);

enum class Action {
  kJoin,     // use it
  kStart,    // start a guardian, which mounts, adopts or repairs
  kReplace,  // unmount what another file left there, if nobody uses it
  kGiveUp,   // it is another user's
};
Action action_for(const Situation& situation);

// --- the end of a mount. The caller has the exclusive lock.

// Unmounts and removes the entry, and its namespace's directory with the last one; nullopt when
// done, else why it is not unmounted.
std::optional<std::string> dismantle(const Entry& entry);
// Dismantles the entries of the same namespace that nobody guards, uses or has pinned, but for
// `but`.
void sweep(const std::string& namespace_directory, const std::string& but);

}  // namespace cntr::mount
