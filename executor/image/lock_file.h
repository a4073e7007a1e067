// Locks (flock) on files of a cache that several users may share.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/file_system.h"

namespace cntr::image {

// Waits for the lock on the file, which is made when it is not there. `operation` is LOCK_SH or
// LOCK_EX; `root_mode` the mode of the cache's root, which says who else may lock the file. Held
// until the descriptor is closed. Throws an environment Error.
UniqueFd lock_file(const std::string& path, int operation, mode_t root_mode);

}  // namespace cntr::image
