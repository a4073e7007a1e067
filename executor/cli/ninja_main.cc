// cntr-ninja: ninja's command line over the engine.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/error.h"
#include "cli/ninja_metrics.h"
#include "cli/ninja_options.h"
#include "cli/ninja_status.h"
#include "cli/ninja_targets.h"
#include "cli/ninja_tools.h"
#include "cli/step_edges.h"
#include "engine/build_session.h"

namespace cntr::cli {
namespace {

constexpr int kMostRebuilds = 100;  // of the manifest, before it is a loop

NinjaStatusOptions status_options(const NinjaOptions& options) {
  NinjaStatusOptions of_status;
  of_status.verbosity = options.verbosity;
  of_status.parallelism = options.parallelism.value_or(default_parallelism());
  of_status.status = options.status;
  return of_status;
}

engine::SessionOptions session_options(const NinjaOptions& options) {
  engine::SessionOptions of_session;
  of_session.manifest = options.manifest;
  of_session.phony_cycle_is_error = options.phony_cycle_is_error;
  of_session.read_only = options.dry_run;
  of_session.use_cache = options.use_cache;
  of_session.build.failures_allowed = options.failures_allowed;
  of_session.build.dry_run = options.dry_run;
  of_session.build.explain = options.explain;
  of_session.build.keep_depfile = options.keep_depfile;
  of_session.build.keep_rspfile = options.keep_rspfile;
  return of_session;
}

class Ninja {
 public:
  explicit Ninja(const NinjaOptions& options)
      : options_(options), status_(status_options(options)) {}

  int run() {
    const bool quiet = options_.verbosity == NinjaStatusOptions::Verbosity::kQuiet;
    if (!options_.directory.empty()) {
      if (options_.tool.empty() && !quiet) {
        status_.info("Entering directory `" + options_.directory + "'");
      }
      if (::chdir(options_.directory.c_str()) != 0) {
        throw system_error("chdir to '" + options_.directory + "'", errno);
      }
    }
    if (!options_.tool.empty()) return run_ninja_tool(options_);
    for (int i = 0; i < kMostRebuilds; ++i) {
      const std::optional<int> exit_code = build_once();
      if (!exit_code) continue;
      if (options_.stats) metrics_.print(stdout);
      return *exit_code;
    }
    throw user_error("manifest '" + options_.manifest + "' still dirty after " +
                     std::to_string(kMostRebuilds) + " tries, perhaps system time is not set");
  }

  void report(const Error& error) { status_.error(error.what()); }

 private:
  // Made when something has to run: a build with nothing to do starts no signal handling.
  engine::CommandRunner& runner() {
    if (runner_ != nullptr) return *runner_;
    engine::CommandRunnerOptions of_runner;
    of_runner.parallelism = options_.parallelism.value_or(default_parallelism());
    of_runner.max_load = options_.max_load;
    of_runner.use_jobserver = !options_.parallelism && !options_.dry_run;
    of_runner.jobs = &steps_.emplace(cntr_beside_this_program(), known_digests_);
    of_runner.info = [this](const std::string& text) { status_.info(text); };
    of_runner.warning = [this](const std::string& text) { status_.warning(text); };
    of_runner.error = [this](const std::string& text) { status_.error(text); };
    runner_ = engine::make_process_runner(of_runner);
    return *runner_;
  }

  int nothing_to_do() {
    if (options_.verbosity != NinjaStatusOptions::Verbosity::kQuiet) {
      status_.info("no work to do.");
    }
    return 0;
  }

  int finish(const engine::BuildResult& result) {
    if (result.message.empty()) return result.executed == 0 ? nothing_to_do() : 0;
    status_.info("build stopped: " + result.message + ".");
    return result.exit_code;
  }

  // nullopt: the manifest was made anew, so everything begins again.
  std::optional<int> build_once() {
    const std::unique_ptr<engine::BuildSession> session =
        metrics_.measure("load graph and state", [&] {
          return std::make_unique<engine::BuildSession>(
              session_options(options_), disk_,
              [this](const std::string& text) { status_.warning(text); });
        });
    status_.set_graph(session->graph());
    if (options_.arguments.empty() &&
        metrics_.measure("look at all files", [&] { return session->nothing_changed(); })) {
      return nothing_to_do();
    }
    engine::BuildResult of_manifest;
    const bool made_anew = metrics_.measure("rebuild manifest", [&] {
      return session->rebuild_manifest(runner(), status_, of_manifest);
    });
    if (made_anew) return std::nullopt;
    if (options_.dry_run && of_manifest.executed > 0) return 0;
    if (!of_manifest.message.empty()) {
      status_.error("rebuilding '" + options_.manifest + "': " + of_manifest.message);
      return of_manifest.exit_code == 0 ? 1 : of_manifest.exit_code;
    }
    const auto targets = find_targets(session->state(), options_.arguments);
    return finish(
        metrics_.measure("build", [&] { return session->build(targets, runner(), status_); }));
  }

  const NinjaOptions& options_;
  NinjaStatus status_;
  store::KnownDigests known_digests_;
  engine::RealDisk disk_{&known_digests_};
  NinjaMetrics metrics_;
  std::optional<StepEdges> steps_;
  std::unique_ptr<engine::CommandRunner> runner_;
};

int run(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  int exit_code = 0;
  const std::optional<NinjaOptions> options = parse_ninja_options(argc, argv, exit_code);
  if (!options) return exit_code;
  Ninja ninja(*options);
  try {
    return ninja.run();
  } catch (const Error& error) {
    ninja.report(error);
    return 1;
  }
}

}  // namespace
}  // namespace cntr::cli

int main(int argc, char** argv) {
  const int exit_code = cntr::cli::run(argc, argv);
  std::fflush(stdout);
  return exit_code;
}
