// The files of conda-meta/ (CEP 22, CEP 32), by which conda, mamba, pixi and pip know what is in an
// environment. They hold nothing of the machine and no time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "env/lock.h"
#include "env/package_pack.h"

namespace cntr::env {

// A path of the environment, as its package's record lists it.
struct RecordedPath {
  std::string path;
  std::string type;  // "hardlink", "softlink", "directory", "pyc_file", "unix_python_entry_point"
  const PackagePath* source = nullptr;  // what the package says of it; null for a generated one
  std::optional<Digest> digest;         // in the environment
  uint64_t size = 0;                    // of a file
};

struct InstalledPackage {
  const LockedPackage& lock;
  const PackageInfo& info;
  const std::vector<RecordedPath>& paths;
};

// The text of conda-meta/<name>-<version>-<build>.json.
std::string conda_meta_record(const InstalledPackage& package);

// The text of conda-meta/history, of packages in the order in which they were installed.
std::string conda_meta_history(const std::vector<const LockedPackage*>& packages);

// The text of conda-meta/frozen.
std::string conda_meta_frozen();

// The text of conda-meta/state: variables that activating the environment sets.
std::string conda_meta_state(const std::vector<spec::Variable>& variables);

// The channel and the URL of a package as an environment tells of them: without passwords, and of a
// channel that lies on this machine its name only.
std::string recorded_channel(const LockedPackage& package);
std::string recorded_url(const LockedPackage& package);

// A URL without a user's name, password and token, which no file may keep.
std::string public_url(const std::string& url);

}  // namespace cntr::env
