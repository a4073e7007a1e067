#include <memory>

#include "base/environment.h"
#include "base/error.h"
#include "base/file_system.h"
#include "base/stop_request.h"
#include "base/stop_signals.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/env_commands.h"
#include "cli/env_progress.h"
#include "cli/session.h"
#include "env/conda_config.h"
#include "env/env_builder.h"
#include "env/lock.h"

namespace cntr::cli {
namespace {

struct BuildArguments {
  std::string lock;
  std::string output;
  std::string compression = "zstd";
  std::string link_scripts = "on";
  std::string pyc = "on";
  bool quiet = false;
  bool dry_run = false;
  EnvChoice project;
  env::LockChoice choice{env::host_platform(), "default", {"main"}};
  env::EnvOptions options;
};

std::string summary_text(const std::string& path, const env::EnvSummary& summary) {
  return path + ": " + counted(summary.packages, "package") + " (" +
         std::to_string(summary.reused) + " from the cache), " + format_bytes(summary.image.bytes) +
         "\n";
}

spec::LinkScripts to_link_scripts(const std::string& word) {
  if (word == "ignore") return spec::LinkScripts::kIgnore;
  return word == "off" ? spec::LinkScripts::kRefuse : spec::LinkScripts::kRun;
}

int build_env(const BuildArguments& arguments) {
  const std::string lock_path = normal_path(arguments.lock, current_directory());
  if (!exists(lock_path)) throw user_error("There is no lock " + lock_path);
  const env::EnvLock lock = env::parse_lock(read_file(lock_path), lock_path, arguments.choice);
  env::EnvOptions options = arguments.options;
  options.compression = squashfs::parse_compression(arguments.compression);
  options.link_scripts = to_link_scripts(arguments.link_scripts);
  options.compile_python = arguments.pyc == "on";
  const store::Cache cache(store::Cache::default_root(), warnings());
  const std::string scratch = cache.scratch_directory();
  const env::CondaConfig config = env::read_conda_config(environment_variable);
  const env::PackageSource source(
      cache.packages_directory(), scratch, config.package_caches,
      [&config](const env::LockedPackage& package, const std::string& to) {
        env::download_package(package, to, config);
      });
  const env::PackStore store(cache.packs_directory(), scratch, env::wanted_packs());
  const env::EnvSummary summary = [&] {
    EnvProgressLine line(arguments.quiet);
    env::EnvBuilder builder(source, store, scratch, line.warnings(), line.progress());
    return builder.build(lock, options, arguments.output);
  }();
  if (!arguments.quiet) print(summary_text(arguments.output, summary));
  return kSuccess;
}

// What is being written is removed when a signal asks to end.
int stoppable(const Action& action) {
  StopRequest stop;
  const StopSignals signals(stop, {});
  const StopScope scope(stop);
  try {
    return action();
  } catch (const Stopped&) {
    return kInterrupted;
  }
}

void add_build_command(CLI::App& command, Action& action) {
  CLI::App* const build =
      command.add_subcommand("build", "Build an environment, or one file out of a lock");
  const auto arguments = std::make_shared<BuildArguments>();
  build->add_option("--lock", arguments->lock, "Instead: a lock, to be made into a file");
  build->add_option("-o,--output", arguments->output, "The file to write, with --lock");
  add_env_choice(*build, arguments->project);
  build->add_flag("--dry-run", arguments->dry_run, "Say what would be built; write nothing");
  build
      ->add_option("--prefix", arguments->options.prefix,
                   "The path at which the environment is to be seen")
      ->capture_default_str();
  build->add_option("--platform", arguments->choice.platform, "conda's name of the platform")
      ->capture_default_str();
  build->add_option("--environment", arguments->choice.environment, "Which one of a pixi.lock")
      ->capture_default_str();
  build->add_option("--category", arguments->choice.categories, "Which ones of a conda-lock.yml")
      ->capture_default_str();
  build->add_option("--compression", arguments->compression, "zstd[:LEVEL], lz4, gzip or xz")
      ->capture_default_str();
  build
      ->add_option("--link-scripts", arguments->link_scripts,
                   "Whether they run; off: having one is an error")
      ->check(CLI::IsMember({"on", "off", "ignore"}))
      ->capture_default_str();
  build->add_option("--pyc", arguments->pyc, "Whether Python files are compiled")
      ->check(CLI::IsMember({"on", "off"}))
      ->capture_default_str();
  build->add_flag("-q,--quiet", arguments->quiet, "Print warnings and errors only");
  build->footer("");  // so that all fits a screen
  build->callback([&action, arguments] {
    action = [arguments] {
      return stoppable([&] {
        if (arguments->lock.empty() != arguments->output.empty()) {
          throw user_error("--lock and --output are given together, or neither");
        }
        if (arguments->lock.empty()) {
          return build_env_of_project(arguments->project, arguments->dry_run, arguments->quiet);
        }
        if (arguments->dry_run) throw user_error("--dry-run is for environments of a project");
        return build_env(*arguments);
      });
    };
  });
}

}  // namespace

void add_env_command(CLI::App& app, Action& action) {
  CLI::App* const command = app.add_subcommand("env", "Conda environments: one squashfs file each");
  command->require_subcommand(1);
  // In the order in which one needs them.
  add_env_init_command(*command, action);
  add_env_lock_command(*command, action);
  add_build_command(*command, action);
  add_env_exec_commands(*command, action);
  add_env_activate_commands(*command, action);
  add_env_mount_commands(*command, action);
  add_env_list_commands(*command, action);
  add_env_package_commands(*command, action);
  add_env_export_command(*command, action);
  add_env_registry_commands(*command, action);
  add_env_prereq_command(*command, action);
  add_env_prepare_command(*command, action);
  command->footer("");  // so that all fits a screen
}

}  // namespace cntr::cli
