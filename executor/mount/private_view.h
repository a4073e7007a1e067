// A directory that is seen at another path, by this process and what it starts alone: where an
// ordinary user may mount nothing.
#pragma once

#include <string>

namespace cntr::mount {

// Shows `directory` at `path`, read-only, in a mount namespace of this process's own (for ordinary
// users in a user namespace in which they keep their ids, so that set-user-ID programs have no
// effect). Neither needs to exist at `path`: the nearest directory above that is there is shown as
// it is, with the way to `path` added.
//
// For a process with one thread, once, before it becomes another program. False, and nothing has
// changed, where the kernel does not let this user make the namespaces. Throws an environment Error
// when no directory above `path` but the root is there, or something else fails, after which the
// process must end.
bool show_privately(const std::string& directory, const std::string& path);

}  // namespace cntr::mount
