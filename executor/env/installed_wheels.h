// The wheels in an environment, by what Cntr wrote beside their modules. For checks: the
// environment's files are hostile.
#pragma once

#include <string>
#include <vector>

#include "base/digest.h"

namespace cntr::env {

// A file with a sum in the wheel's RECORD.
struct RecordedWheelFile {
  std::string path;  // in the environment
  Digest digest;
};

struct InstalledWheel {
  std::string dist_info;  // the directory that describes it, in the environment
  std::vector<RecordedWheelFile> files;
};

// Of the environment that lies in `directory`, by name; not the projects that packages of conda
// brought, which have records of their own. Throws a user Error, which names the file, for a RECORD
// that is missing, cannot be read or names what is not in the environment.
std::vector<InstalledWheel> installed_wheels(const std::string& directory);

}  // namespace cntr::env
