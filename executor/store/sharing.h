// Who else may use what Cntr writes into a cache: the bits of the cache's own directory decide,
// not the umask, so that a directory that several users may write is a cache for all of them.
#pragma once

#include <sys/types.h>

#include <string>

namespace cntr::store {

struct Sharing {
  mode_t directory = 0700;  // with the setgid and sticky bits
  mode_t file = 0600;

  // For directories in which several users open each other's files to write (the database, lock
  // files): where the sticky bit is set, Linux refuses that (fs.protected_regular).
  mode_t meeting_place() const { return directory & ~kSticky; }

  static constexpr mode_t kSticky = 01000;
};

// Throws an environment Error when the directory is not there.
Sharing sharing_of(const std::string& directory);

// Makes the directory with exactly this mode, which it has from the first moment on. One that is
// there is left as it is. Throws an environment Error.
void make_shared_directory(const std::string& path, mode_t mode);

}  // namespace cntr::store
