#include "build/env_identity.h"

#include "base/file_system.h"
#include "build/env_lock.h"
#include "build/image_identity.h"
#include "env/environment.h"

namespace cntr::build {

spec::EnvIdentity prepare_env(const std::string& env_spec_path, const WarningSink& warn) {
  fit_env_lock(spec::read_env(env_spec_path), warn);
  spec::EnvIdentity identity = identity_of_lock(env_spec_path);
  write_file_if_changed(identity_path(env_spec_path), spec::write_env_identity(identity));
  return identity;
}

spec::EnvIdentity identity_of_lock(const std::string& env_spec_path) {
  return env::identify(spec::read_env(env_spec_path));
}

spec::EnvIdentity identity_of_unchanged_lock(const std::string& env_spec_path) {
  const std::string path = identity_path(env_spec_path);
  const auto written = stat_file(path);
  const spec::Env env = spec::read_env(env_spec_path);
  // More than the lock has to be looked at.
  if (env.request) return identity_of_lock(env_spec_path);
  const auto lock = stat_file(env.lock);
  const auto declared = stat_file(env_spec_path);
  if (written && lock && declared && written->mtime > lock->mtime &&
      written->mtime > declared->mtime) {
    return spec::parse_env_identity(read_file(path), path);
  }
  return identity_of_lock(env_spec_path);
}

spec::EnvIdentity current_env_identity(const std::string& env_spec_path, const WarningSink& warn) {
  const std::string path = identity_path(env_spec_path);
  if (const auto text = read_file_if_exists(path)) return spec::parse_env_identity(*text, path);
  return prepare_env(env_spec_path, warn);
}

}  // namespace cntr::build
