// Squashfs files, mounted once for all who use them.
//
// A mount is shared by all processes of one user (root's also by everyone, where everyone may read
// the file), and counted by locks: each user of it holds a shared flock, and a guardian, the
// program cntr-mount, unmounts it when nobody has held one for a short while, whatever ended them.
// What is found broken (its FUSE process or its guardian was killed, its file was replaced, a
// directory was left over) is repaired by the next who wants it. docs/mounts.md has the rules.
//
// Every mount is read-only, nosuid and nodev. It is seen by the processes of this machine that
// share the caller's mount namespace, and can be bound into sandboxes.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/file_system.h"

namespace cntr::mount {

// The ways to mount, best first.
enum class Way {
  kKernel,        // a loop device and mount(2): for root
  kSquashfuseLl,  // the program squashfuse_ll
  kSquashfuse,    // the program squashfuse, four times slower where many files are opened
};
std::string_view name_of(Way way);  // "kernel", "squashfuse_ll", "squashfuse"

// A squashfs file, or one inside of a file (SIF).
struct Source {
  std::string file;     // an absolute path
  uint64_t offset = 0;  // in bytes
};

// A mounted file in use: it stays mounted while this object lives.
class MountedImage {
 public:
  MountedImage(std::string path, UniqueFd lock, bool made)
      : path_(std::move(path)), lock_(std::move(lock)), made_(made) {}

  // The directory that shows the file's root.
  const std::string& path() const { return path_; }
  // Holds the lock (close-on-exec). Who keeps a duplicate of it, as cntr-supervisor does with
  // --lock, keeps the mount, also after this object and this process.
  int lock_descriptor() const { return lock_.get(); }
  // Whether this call mounted it, rather than found it mounted.
  bool made() const { return made_; }

 private:
  std::string path_;
  UniqueFd lock_;
  bool made_;
};

// Two processes that pass a use on, of which the second can only open what the first has locked
// (/proc/<pid>/fd/<lock_descriptor> names it): a shell. The first reserves: the mount stays that
// long, at most a minute, although nobody uses it.
void reserve(int lock_descriptor, std::chrono::seconds time);
// Makes the open file of a descriptor, in whichever process, a user. False when the mount has gone.
bool hold(int descriptor);

// Nothing mounts squashfs files here: the caller unpacks instead. It will not be otherwise later in
// this process's life, so ask once.
struct NotPossible {
  std::string reason;  // one sentence for each way, joined by "; "
  std::string fix;     // what to install or to allow
};

using Mounted = std::variant<MountedImage, NotPossible>;

struct Settings {
  // For this user's mounts; made when missing. Must be on a local file system.
  std::string place;
  // Root's place, which all users may share; "" for none.
  std::string shared_place;
  // How long a mount outlives its last user.
  std::chrono::milliseconds idle{0};
  // To be tried in this order.
  std::vector<Way> ways;
  // The program cntr-mount.
  std::string program;
};

// place         root: /run/cntr/mounts; others: $XDG_RUNTIME_DIR/cntr/mounts;
// /tmp/cntr-<uid>/mounts
//               where these cannot be written
// idle          CNTR_MOUNT_IDLE ("3s", "500ms", "0"), 5 seconds when not set
// ways          CNTR_MOUNT_WITH ("kernel", "squashfuse_ll", "squashfuse", several with commas
// between
//               them, or "none"); all when not set
// program       beside the running program, or in ../libexec/cntr of it
// Throws a user Error for nonsense in a variable, an internal Error when the program is missing.
Settings default_settings();

// Who keeps a mount busy.
struct Holder {
  pid_t pid = 0;
  std::string command;  // its name, as bytes
};

// What one way is good for here.
struct Trial {
  Way way = Way::kKernel;
  bool usable = false;
  std::string version;  // of the program; the kernel's release
  std::string reason;   // why not
  std::string fix;
};

// Cheap to make and to copy. Thread-safe, as any number of processes are among each other.
class Mounts {
 public:
  explicit Mounts(Settings settings = default_settings()) : settings_(std::move(settings)) {}

  // The file, mounted at a path that Cntr chooses below the place. `name` is for people, and goes
  // into that path: letters, digits, '.', '_', '-'. What is mounted is the file that is at the path
  // now: one that was replaced or changed since is mounted anew, beside the old one. Joining takes
  // microseconds; a new mount takes milliseconds, and the others who want it wait for it.
  // Throws a user Error when the file is missing or no squashfs 4.0, an environment Error when it
  // cannot be read or the mount fails for another reason than that it is not possible here.
  Mounted mount(const Source& source, const std::string& name) const;

  // The file, mounted at this absolute path, which is made when missing and is removed with the
  // mount if this made it; else it must be an empty directory that this user may write. Another
  // file that is mounted there is unmounted if nobody uses it. Throws as above, and an environment
  // Error that names the holders when the path is in use.
  Mounted mount_at(const Source& source, const std::string& path) const;

  // Makes what mount_at() mounted at `path` stay until unmount(), whether it is used or not. False
  // when it is root's, who decides on it.
  bool pin(const std::string& path) const;

  // Unmounts what these functions mounted at `path`, without waiting for it to be idle. Empty: it
  // is not mounted any more (or was not). Otherwise these use it, and nothing was done. Throws an
  // environment Error when it is in use by processes that this user cannot see, or is not a mount
  // of Cntr's.
  std::vector<Holder> unmount(const std::string& path) const;

  // The processes that use what is mounted at `path`: with a lock on it, a directory or a file in
  // it, or a program or library from it, in sandboxes too. As far as this user may see. Its
  // guardian and its FUSE process are none.
  std::vector<Holder> holders(const std::string& path) const;

  // What works here, by really mounting a small file in each way of the settings. Takes tens of
  // milliseconds. The first usable one is what mount() takes.
  std::vector<Trial> try_ways() const;
  // The same until one is usable, which is the last of the result.
  std::vector<Trial> try_until_usable() const;

 private:
  Settings settings_;
};

// Whether a squashfs file is mounted at exactly this path, by whomever, and can be looked into.
bool is_mounted(const std::string& path);

}  // namespace cntr::mount
