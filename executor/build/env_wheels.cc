#include "build/env_wheels.h"

#include "base/error.h"
#include "base/file_system.h"
#include "build/pip_solver.h"
#include "build/shown_env.h"
#include "env/environment.h"
#include "env/pip_report.h"
#include "env/program_words.h"
#include "env/wheel_builder.h"

namespace cntr::build {
namespace {

// The environment before pip came.
spec::Env conda_part_of(const spec::Env& env, const std::string& lock) {
  spec::Env out;
  out.name = env.name;
  out.location = env.location;
  out.lock = lock;
  out.platform = env.platform;
  out.prefix = env.prefix;
  out.compression = env.compression;
  out.link_scripts = env.link_scripts;
  return out;
}

Error no_solution(const std::string& said, const std::vector<std::string>& advice) {
  std::vector<std::string> notes = env::last_lines(said);
  notes.insert(notes.end(), advice.begin(), advice.end());
  return user_error("pip found no solution", std::move(notes));
}

// Its report. Wheels are looked for first, which needs no sandbox.
std::string ask_pip(const PipSolver& pip, const env::Requirements& requirements) {
  if (!exists(pip.directory + "/bin/python")) {
    throw user_error("it has requirements for pip, and no python",
                     {"Add python and pip to its dependencies."});
  }
  PipAnswer wheels;
  if (!asks_for_source(requirements)) {
    wheels = ask_for_wheels(pip, requirements);
    if (!wheels.report.empty()) return wheels.report;
  }
  PipAnswer sources;
  try {
    sources = ask_for_sources(pip, requirements);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kEnvironment) throw;
    std::vector<std::string> advice = error.notes();
    advice.insert(advice.begin(),
                  "Only wheels were looked for, because source is asked for what it needs in a "
                  "sandbox: " +
                      error.message() + ".");
    throw no_solution(wheels.said, advice);
  }
  if (!sources.report.empty()) return sources.report;
  if (const auto unmet = env::unmet_build_requirements("", sources.said)) {
    throw user_error(*unmet, {"What a build needs must be among its dependencies of conda."});
  }
  throw no_solution(sources.said,
                    {"What is there as source only is built with the packages that conda brings."});
}

}  // namespace

std::vector<env::LockedWheel> resolve_wheels(const spec::Env& env, const env::SolveRequest& request,
                                             const std::string& conda_part,
                                             const std::string& scratch, store::Cache& cache,
                                             const WarningSink& warn) {
  if (request.platform != env::host_platform()) {
    throw user_error("its pip does not run here, because it is for " + request.platform,
                     {"Make the lock on such a machine."});
  }
  const std::string lock = scratch + "/conda.lock";
  write_file_atomically(lock, conda_part);
  const spec::Env part = conda_part_of(env, lock);
  const std::string image = env::built_image(part, env::identify(part), cache, warn);
  const ShownEnv shown = show_env(part, image, cache, warn);
  return env::parse_pip_report(ask_pip({shown.path(), part.prefix, scratch}, request.requirements),
                               "pip's report");
}

}  // namespace cntr::build
