// The sandbox in which programs of packages run while an environment is being made: link scripts,
// and what builds wheels. They see the environment at its prefix and the host's system directories
// to read; no home directories and nothing else of the machine, and no network unless it is asked
// for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/process.h"
#include "mount/mount.h"

namespace cntr::env {

// The environment of a squashfs file as a directory while the object lives: mounted, else unpacked
// into `workspace`. Throws an environment Error where neither can be.
class ShownImage {
 public:
  ShownImage(const std::string& image, const std::string& workspace);
  const std::string& path() const { return path_; }

 private:
  std::optional<mount::MountedImage> use_;
  std::string path_;
};

// What the programs find there beside the prefix: the search path behind that of the environment,
// and variables that make what they write the same each time.
extern const char* const kSandboxPath;
std::vector<std::string> sandbox_variables();

// bubblewrap with its options, up to what the sandbox shows at the prefix. Throws an environment
// Error when there is no bubblewrap: `purpose` says what is done in it.
enum class SandboxNetwork { kNone, kShared };
std::vector<std::string> sandbox_command(const std::string& purpose,
                                         SandboxNetwork network = SandboxNetwork::kNone);

// What the sandbox, or cntr-supervisor around it, itself complained about.
std::optional<std::string> failure_of_sandbox(const ExitStatus& status, const std::string& output);

}  // namespace cntr::env
