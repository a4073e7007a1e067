#include "build/env_lock.h"

#include "base/environment.h"
#include "base/error.h"
#include "base/file_system.h"
#include "build/depfile.h"
#include "build/env_wheels.h"
#include "env/pin.h"
#include "env/solve_request.h"
#include "env/solver.h"
#include "spec/declaration.h"
#include "store/cache.h"

namespace cntr::build {
namespace {

bool is_on(const char* variable) {
  const std::string value = environment_variable(variable).value_or("");
  return !value.empty() && value != "0" && value != "OFF";
}

std::string solved_lock(const spec::Env& env, const env::SolveRequest& request, store::Cache& cache,
                        const WarningSink& warn) {
  const TemporaryDirectory scratch(cache.scratch_directory(), "solve-");
  const env::Solver solver =
      env::find_solver(*env.request, cache.envs_directory(), scratch.path(), warn);
  const std::vector<env::LockedPackage> packages = env::solve(solver, request, scratch.path());
  std::string conda_part = env::pin_text(request, packages, {});
  if (request.requirements.empty()) return conda_part;
  return env::pin_text(request, packages,
                       resolve_wheels(env, request, conda_part, scratch.path(), cache, warn));
}

void write_depfile(const spec::Env& env, const std::vector<std::string>& files) {
  if (env.request->depfile.empty()) return;
  std::vector<std::string> paths = files;
  paths.push_back(env.lock);
  write_file_atomically(env.request->depfile, depfile_text(env.request->depfile_target, paths));
}

}  // namespace

EnvLockChange make_env_lock(const spec::Env& env, bool update, const WarningSink& warn) {
  const env::SolveRequest request = env::read_solve_request(env, warn);
  store::Cache cache(store::Cache::default_root(), warn);
  const FileLock turn(cache.envs_directory() + "/pin-" + digest_of(env.lock).hex() + ".lock", [&] {
    warn("the lock of environment " + env.name +
         " is being made by another process; waiting for it");
  });
  const env::PinState state = env::state_of_pin(env.lock, request);
  if (!update && state == env::PinState::kFits) return EnvLockChange::kKept;
  if (!update && state == env::PinState::kForeign)
    spec::at_declaration(env, [&] { env::check_pin(env.lock, request); });
  const std::string text =
      spec::at_declaration(env, [&] { return solved_lock(env, request, cache, warn); });
  if (!write_file_if_changed(env.lock, text)) return EnvLockChange::kKept;
  return state == env::PinState::kMissing ? EnvLockChange::kAdded : EnvLockChange::kMoved;
}

void fit_env_lock(const spec::Env& env, const WarningSink& warn) {
  if (!env.request) return;
  const env::SolveRequest request = env::read_solve_request(env, warn);
  write_depfile(env, request.files);
  if (env.request->locked || is_on("CNTR_LOCKED")) {
    spec::at_declaration(env, [&] { env::check_pin(env.lock, request); });
  } else if (env::state_of_pin(env.lock, request) != env::PinState::kFits) {
    make_env_lock(env, false, [](const std::string&) {});
  }
}

}  // namespace cntr::build
