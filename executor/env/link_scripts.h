// The scripts that packages want to run when they are installed (CEP 34): bin/.<name>-pre-link.sh
// and bin/.<name>-post-link.sh.
//
// They run as conda runs them, but for their surroundings: in bubblewrap, over the whole
// environment, which they see at its prefix and may change; with the host's system directories to
// read, and without network, home directories and the rest of the machine.
//
// Scripts are arbitrary programs; what they leave is hostile.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/warning.h"
#include "env/package_info.h"
#include "env/python.h"

namespace cntr::env {

struct LinkScript {
  std::string path;            // in the prefix
  std::string action;          // "pre-link" or "post-link"
  const PackageInfo* package;  // whose it is
};

// Those of one package: the one of before it is linked first.
std::vector<LinkScript> link_scripts_of(const PackageInfo& package,
                                        const std::optional<Python>& python);

// What is different at a path when the scripts have run.
struct PrefixChange {
  enum class Kind {
    kGone,
    kDirectory,
    kNewDirectory,  // nothing of what was in it is left
    kFile,
    kSymlink,
  };
  Kind kind = Kind::kGone;
  std::string path;    // in the prefix, normal
  std::string file;    // on this machine: the file's content
  mode_t mode = 0;     // of a file
  std::string target;  // of a symbolic link
};

// Runs the scripts, one after another, over the environment in the squashfs file `image`, whose
// files belong to this user. Returns what they changed: parents before children, without
// conda-meta/, which is not theirs. The contents lie in `workspace`, a directory on a local file
// system. `on_end` is called behind each script.
//
// What a script writes to $PREFIX/.messages.txt is a warning, and not kept. Throws a user Error
// with the output of a script that fails or leaves what no package may have, an environment Error
// where the sandbox cannot be made.
std::vector<PrefixChange> run_link_scripts(const std::vector<LinkScript>& scripts,
                                           const std::string& image, const std::string& prefix,
                                           const std::string& workspace, const WarningSink& warn,
                                           const std::function<void()>& on_end);

}  // namespace cntr::env
