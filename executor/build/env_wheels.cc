#include "build/env_wheels.h"

#include "base/error.h"
#include "base/file_system.h"
#include "base/process.h"
#include "base/stop_request.h"
#include "base/text.h"
#include "build/shown_env.h"
#include "env/environment.h"
#include "env/pip_report.h"
#include "env/program_words.h"

namespace cntr::build {
namespace {

constexpr size_t kLargestReport = 256U << 20U;

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

std::string lines_of(const std::vector<std::string>& lines) {
  return lines.empty() ? "" : join(lines, "\n") + "\n";
}

// pip runs where the environment is now, not at its prefix: to find out what to install, that is
// the same.
std::string ask_pip(const std::string& directory, const env::Requirements& requirements,
                    const std::string& scratch) {
  const std::string python = directory + "/bin/python";
  if (!exists(python)) {
    throw user_error("it has requirements for pip, and no python",
                     {"Add python and pip to its dependencies."});
  }
  Command command;
  command.argv = {python,
                  "-m",
                  "pip",
                  "install",
                  "--dry-run",
                  "--report",
                  scratch + "/report.json",
                  "--only-binary",
                  ":all:",
                  "--no-input",
                  "--disable-pip-version-check",
                  "--quiet",
                  "--requirement",
                  scratch + "/requirements.txt"};
  write_file_atomically(scratch + "/requirements.txt", lines_of(requirements.lines));
  if (!requirements.constraints.empty()) {
    write_file_atomically(scratch + "/constraints.txt", lines_of(requirements.constraints));
    command.argv.insert(command.argv.end(), {"--constraint", scratch + "/constraints.txt"});
  }
  for (const std::string& variable : current_environment()) {
    if (!variable.starts_with("PYTHON")) command.environment.push_back(variable);
  }
  command.environment.emplace_back("PYTHONNOUSERSITE=1");
  command.environment.emplace_back("PYTHONDONTWRITEBYTECODE=1");
  command.environment.emplace_back("PIP_BREAK_SYSTEM_PACKAGES=1");
  command.directory = scratch;
  std::string said;
  const ExitStatus status = run_process(command, {}, [&](std::string_view piece) {
    if (said.size() < kLargestReport) said += piece;
  });
  if (status.interrupted) throw Stopped();
  if (status.code == 0) return read_file(scratch + "/report.json");
  std::vector<std::string> notes = env::last_lines(said);
  notes.emplace_back("Only wheels are taken: what is there as source only has to be built first.");
  throw user_error("pip found no solution", std::move(notes));
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
  return env::parse_pip_report(ask_pip(shown.path(), request.requirements, scratch),
                               "pip's report");
}

}  // namespace cntr::build
