#include <memory>

#include "base/error.h"
#include "base/file_system.h"
#include "cli/env_commands.h"
#include "cli/session.h"
#include "env/project.h"

namespace cntr::cli {
namespace {

int make_skeleton(const std::string& given, bool dry_run, bool quiet) {
  const std::string directory = normal_path(given, current_directory());
  const std::string path = directory + "/environment.yml";
  if (exists(path) || env::find_lock(directory)) {
    throw user_error("There is an environment in " + directory + " already");
  }
  if (dry_run) {
    print(path + " would be written\n");
    return kSuccess;
  }
  make_directories(directory);
  write_file_atomically(path, env::environment_skeleton(env::plain_name(base_name(directory))));
  if (!quiet) print(path + "\n");
  return kSuccess;
}

}  // namespace

void add_env_init_command(CLI::App& env, Action& action) {
  struct Options {
    std::string directory = ".";
    bool dry_run = false;
    bool quiet = false;
  };
  CLI::App* const init = env.add_subcommand("init", "Begin an environment: an environment.yml");
  const auto options = std::make_shared<Options>();
  init->add_option("-d,--directory", options->directory, "Where; made when it is not there")
      ->capture_default_str();
  init->add_flag("--dry-run", options->dry_run, "Say what would be written; write nothing");
  init->add_flag("-q,--quiet", options->quiet, "Print warnings and errors only");
  init->footer(
      "Say in it what the environment is to have; `cntr env lock` decides on versions.\n"
      "Example: cntr env init -d tools");
  init->callback([&action, options] {
    action = [options] {
      return make_skeleton(options->directory, options->dry_run, options->quiet);
    };
  });
}

}  // namespace cntr::cli
