#include <memory>

#include "base/units.h"
#include "cli/env_commands.h"
#include "cli/host_env.h"
#include "cli/session.h"
#include "mount/mount.h"

namespace cntr::cli {
namespace {

struct MountOptions {
  EnvChoice choice;
  std::string prefix;
  bool dry_run = false;
  bool quiet = false;
};

int mount_env(const MountOptions& options) {
  if (options.dry_run) {
    const FoundEnv found = find_env(options.choice);
    print(found.env.name + (mount::is_mounted(found.env.prefix) ? " is" : " would be") +
          " mounted at " + found.env.prefix + "\n");
    return kSuccess;
  }
  store::Cache cache(store::Cache::default_root(), warnings());
  const HostEnv host = host_env_of(find_env(options.choice), cache);
  put_up(host, cache);
  if (!options.quiet) print(host.prefix + "\n");
  return kSuccess;
}

int unmount_env(const MountOptions& options) {
  std::string name = options.prefix;
  std::string prefix;
  if (options.prefix.empty()) {
    const FoundEnv found = find_env(options.choice);
    name = found.env.name;
    prefix = found.env.prefix;
  } else {
    prefix = normal_path(options.prefix, current_directory());
  }
  if (options.dry_run) {
    const bool is_mounted = mount::is_mounted(prefix);
    print(prefix + (is_mounted ? " would be unmounted\n" : " is not mounted\n"));
    return kSuccess;
  }
  if (!take_down(name, prefix) && !options.quiet) print("Nothing is mounted at " + prefix + ".\n");
  return kSuccess;
}

int warm_env(const MountOptions& options) {
  store::Cache cache(store::Cache::default_root(), warnings());
  const HostEnv host = host_env_of(find_env(options.choice), cache);
  const uint64_t bytes = warm_up(host.image);
  if (!options.quiet) print(host.name + ": " + format_bytes(bytes) + " read\n");
  return kSuccess;
}

void add_dry_run(CLI::App& command, const std::shared_ptr<MountOptions>& options) {
  command.add_flag("--dry-run", options->dry_run, "Say what would be done; do nothing");
}

std::shared_ptr<MountOptions> add_options(CLI::App& command) {
  const auto options = std::make_shared<MountOptions>();
  add_env_choice(command, options->choice);
  command.add_flag("-q,--quiet", options->quiet, "Print warnings and errors only");
  return options;
}

}  // namespace

void add_env_mount_commands(CLI::App& env, Action& action) {
  CLI::App* const mount = env.add_subcommand("mount", "Mount an environment at its prefix");
  const auto mounted = add_options(*mount);
  add_dry_run(*mount, mounted);
  mount->footer(
      "The environment is built when it is not, and mounted until `cntr env umount`.\n"
      "Prints the prefix.");
  mount->callback([&action, mounted] { action = [mounted] { return mount_env(*mounted); }; });

  CLI::App* const umount = env.add_subcommand("umount", "Unmount an environment");
  const auto unmounted = add_options(*umount);
  add_dry_run(*umount, unmounted);
  umount->add_option("prefix", unmounted->prefix, "Where it is mounted, when the lock has changed");
  umount->footer("While it is in use nothing is done: the message says who uses it.");
  umount->callback(
      [&action, unmounted] { action = [unmounted] { return unmount_env(*unmounted); }; });

  CLI::App* const warm = env.add_subcommand("warm", "Read an environment into the page cache");
  const auto warmed = add_options(*warm);
  warm->footer("The first start of a program in it is then as fast as the next ones.");
  warm->callback([&action, warmed] { action = [warmed] { return warm_env(*warmed); }; });
}

}  // namespace cntr::cli
