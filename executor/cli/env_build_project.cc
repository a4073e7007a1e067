#include "base/file_system.h"
#include "base/units.h"
#include "cli/env_commands.h"
#include "cli/session.h"
#include "env/environment.h"

namespace cntr::cli {
namespace {

// Without making a cache where there is none.
bool is_built(const FoundEnv& found) {
  const std::string root = store::Cache::default_root();
  if (!exists(root)) return false;
  const store::Cache cache(root, warnings());
  return exists(env::image_path(found.env, identity_of(found), cache));
}

std::string plan_text(const FoundEnv& found) {
  const env::EnvLock lock = env::locked_packages(found.env);
  const std::string place = " at " + found.env.prefix;
  if (is_built(found)) return found.env.name + " is built" + place + "\n";
  std::string out = found.env.name + " would be built" + place + ", of " +
                    counted(lock.packages.size(), "package") +
                    (lock.wheels.empty() ? "" : " and " + counted(lock.wheels.size(), "wheel")) +
                    ":\n";
  for (const env::LockedPackage& package : lock.packages) {
    out += "  " + package.name + " " + package.version + " " + package.build + "\n";
  }
  for (const env::LockedWheel& wheel : lock.wheels) {
    out += "  " + wheel.name + " " + wheel.version + (wheel.is_source ? " source\n" : " wheel\n");
  }
  return out;
}

}  // namespace

int build_env_of_project(const EnvChoice& choice, bool dry_run, bool quiet) {
  const FoundEnv found = find_env(choice);
  if (dry_run) {
    print(plan_text(found));
    return kSuccess;
  }
  store::Cache cache(store::Cache::default_root(), warnings());
  const HostEnv host = host_env_of(found, cache);
  const auto file = stat_file(host.image);
  if (!quiet) {
    print(host.name + ": " + format_bytes(file ? file->size : 0) + " at " + host.prefix + "\n");
  }
  return kSuccess;
}

}  // namespace cntr::cli
