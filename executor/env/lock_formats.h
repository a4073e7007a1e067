// The formats of lock files, one function each. For lock.cc.
#pragma once

#include <string>
#include <string_view>

#include "env/lock.h"
#include "spec/yaml_map.h"

namespace cntr::env {

bool is_explicit_lock(std::string_view text);
EnvLock parse_explicit_lock(std::string_view text, const std::string& path,
                            const LockChoice& choice);
EnvLock parse_conda_lock(spec::YamlMap& root, const LockChoice& choice);
EnvLock parse_pixi_lock(spec::YamlMap& root, const std::string& path, const LockChoice& choice);

// Reads the sums under the keys "sha256" and "md5" into the package, as far as they are there.
void read_sums(spec::YamlMap& map, LockedPackage& package);
std::optional<Digest> read_sha256(spec::YamlMap& map);

// The absolute file:// URL of what a lock calls by a path or a file:// URL; others as they are.
std::string absolute_url(const std::string& url, const std::string& lock_path);

}  // namespace cntr::env
