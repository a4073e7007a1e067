#include <memory>

#include "base/error.h"
#include "base/json.h"
#include "build/env_lock.h"
#include "cli/env_commands.h"
#include "cli/session.h"
#include "env/environment.h"
#include "env/pin.h"
#include "env/project.h"

namespace cntr::cli {
namespace {

struct EnvLockOptions {
  EnvChoice choice;
  bool update = false;
  bool dry_run = false;
  bool quiet = false;
  bool json = false;
};

struct EnvLockOutcome {
  std::string name;
  std::string lock;
  build::EnvLockChange change = build::EnvLockChange::kKept;
  size_t packages = 0;
  size_t wheels = 0;
};

const char* word_of(build::EnvLockChange change) {
  switch (change) {
    case build::EnvLockChange::kAdded:
      return "added";
    case build::EnvLockChange::kMoved:
      return "moved";
    case build::EnvLockChange::kKept:
      break;
  }
  return "kept";
}

std::string outcomes_as_text(const std::vector<EnvLockOutcome>& outcomes) {
  std::string out;
  for (const EnvLockOutcome& outcome : outcomes) {
    std::string word = word_of(outcome.change);
    word.resize(7, ' ');
    out += word + outcome.name + ": " + counted(outcome.packages, "package");
    if (outcome.wheels > 0) out += ", " + counted(outcome.wheels, "wheel");
    out += ", " + outcome.lock + "\n";
  }
  return out;
}

std::string outcomes_as_json(const std::vector<EnvLockOutcome>& outcomes) {
  JsonWriter out;
  out.begin_array();
  for (const EnvLockOutcome& outcome : outcomes) {
    out.begin_object();
    out.key("change").value(word_of(outcome.change));
    out.key("environment").value(outcome.name);
    out.key("lock").value(outcome.lock);
    out.key("packages").value(static_cast<uint64_t>(outcome.packages));
    out.key("wheels").value(static_cast<uint64_t>(outcome.wheels));
    out.end_object();
  }
  out.end_array();
  return out.text() + "\n";
}

// Those that Cntr makes a lock of: all of the project, or the named one.
std::vector<FoundEnv> lockable_envs(const EnvChoice& choice) {
  if (const auto directory = env_directory(choice)) {
    return {{env::requested_env_at(*directory), ""}};
  }
  if (choice.name.empty()) {
    std::vector<FoundEnv> all = envs_of_project(choice);
    std::erase_if(all, [](const FoundEnv& found) { return !found.env.request; });
    return all;
  }
  FoundEnv found = find_env(choice);
  if (found.env.request) return {std::move(found)};
  throw user_error_at(found.env.location, "Environment " + found.env.name +
                                              " is declared by its lock, " + found.env.lock +
                                              ", which its own tool makes");
}

// What would become of its lock. A lock of somebody else's is replaced when that is asked for
// alone.
std::string plan_of(const spec::Env& env, bool update) {
  const env::SolveRequest request = env::read_solve_request(env, warnings());
  const env::PinState state = env::state_of_pin(env.lock, request);
  if (state == env::PinState::kForeign && !update) env::check_pin(env.lock, request);
  const bool fits = state == env::PinState::kFits && !update;
  const char* const word = fits                               ? " fits"
                           : state == env::PinState::kMissing ? " would be made"
                                                              : " would be made anew";
  return env.name + ": " + env.lock + word + "\n";
}

int lock_envs(const EnvLockOptions& options) {
  if (options.dry_run) {
    std::string plan;
    for (const FoundEnv& found : lockable_envs(options.choice)) {
      plan += plan_of(found.env, options.update);
    }
    print(plan);
    return kSuccess;
  }
  std::vector<EnvLockOutcome> outcomes;
  for (const FoundEnv& found : lockable_envs(options.choice)) {
    EnvLockOutcome outcome{found.env.name, found.env.lock};
    outcome.change = build::make_env_lock(found.env, options.update, warnings());
    const env::EnvLock lock = env::locked_packages(found.env);
    outcome.packages = lock.packages.size();
    outcome.wheels = lock.wheels.size();
    outcomes.push_back(std::move(outcome));
  }
  if (options.quiet) return kSuccess;
  print(options.json ? outcomes_as_json(outcomes) : outcomes_as_text(outcomes));
  return kSuccess;
}

}  // namespace

void add_env_lock_command(CLI::App& env, Action& action) {
  CLI::App* const lock =
      env.add_subcommand("lock", "Write down which packages an environment.yml means");
  const auto options = std::make_shared<EnvLockOptions>();
  lock->add_option("-n,--name", options->choice.name, "The environment; all when left out");
  add_project_choice(*lock, options->choice);
  lock->get_option("--directory")->description("Instead: an environment.yml, or its directory");
  lock->add_flag("--update", options->update, "Solve again, though the lock fits");
  lock->add_flag("--dry-run", options->dry_run, "Say what would be made; ask and write nothing");
  lock->add_flag("-q,--quiet", options->quiet, "Print warnings and errors only");
  lock->add_flag("--json", options->json, "For programs");
  lock->footer(
      "The solver is the one that cntr_add_env() or CNTR_CONDA_EXE names, else\n"
      "micromamba, mamba, conda or pixi on PATH, else CNTR_CONDA_INSTALLER's.\n"
      "Example: cntr env lock -C build --update -n tools");
  lock->callback([&action, options] { action = [options] { return lock_envs(*options); }; });
}

}  // namespace cntr::cli
