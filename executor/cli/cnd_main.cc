// cnd: the commands of Condainer, for its projects, by the code of `cntr env`.
#include <cstdio>
#include <memory>

#include "base/environment.h"
#include "base/error.h"
#include "base/file_system.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/condainer_project.h"
#include "cli/console.h"
#include "env/project.h"
#include "mount/mount.h"

namespace cntr::cli {
namespace {

constexpr int kStopped = 1;  // Condainer's code for what it refuses

struct CndOptions {
  std::string directory = ".";
  bool quiet = false;
  bool dry_run = false;
  bool print_point = false;
  bool not_conda = false;
  std::string steps;
  std::vector<std::string> command;

  std::string project_directory() const { return normal_path(directory, current_directory()); }
  CondainerProject project() const { return read_condainer_project(project_directory()); }
  void say(const std::string& text) const {
    if (!quiet) print(text + "\n");
  }
};

int stop(const std::string& reason) {
  print("STOP. " + reason + "\n");
  return kStopped;
}

int init_project(const CndOptions& options) {
  const std::string directory = options.project_directory();
  if (options.not_conda) {
    throw user_error("cnd makes images of conda environments only",
                     {"Images that Condainer made of other things can be used as before."});
  }
  if (exists(directory + "/condainer.yml")) {
    return stop("Found existing file condainer.yml, please run `init` from an empty directory.");
  }
  if (options.dry_run) {
    options.say("dryrun: would write condainer.yml and environment.yml");
    return kSuccess;
  }
  write_file_atomically(directory + "/condainer.yml",
                        condainer_skeleton(environment_variable("CONDAINER_INSTALLER")));
  const std::string environment = directory + "/environment.yml";
  if (!exists(environment)) {
    write_file_atomically(environment, env::environment_skeleton("basic"));
  }
  options.say("Wrote condainer.yml and environment.yml: edit them, then `cnd build`.");
  return kSuccess;
}

void write_scripts(const CondainerProject& project) {
  const std::string where = "# - must be sourced from the project directory, by bash or zsh\n";
  write_file_atomically(project.directory + "/activate",
                        "# usage: source activate\n" + where + "eval \"$(cnd --quiet activate)\"\n",
                        0755);
  write_file_atomically(
      project.directory + "/deactivate",
      "# usage: source deactivate\n" + where + "eval \"$(cnd --quiet deactivate)\"\n", 0755);
}

int build_project(const CndOptions& options) {
  const CondainerProject project = options.project();
  if (!project.is_conda) throw user_error("cnd makes images of conda environments only");
  if (exists(project.image())) {
    return stop("Found existing image file " + base_name(project.image()) +
                ", please remove this first.");
  }
  if (mount::is_mounted(project.prefix()) || mount::is_mounted(project.base())) {
    return stop("Mount point " + project.base() + " is in use, please unmount first.");
  }
  if (options.dry_run) {
    options.say("dryrun: would build " + base_name(project.image()) + " for " + project.prefix());
    return kSuccess;
  }
  build_condainer_image(project);
  write_scripts(project);
  remember_env_name(project);
  options.say("Done!");
  return kSuccess;
}

int exec_in_project(const CndOptions& options) {
  const HostEnv env = condainer_env(options.project());
  if (options.dry_run) {
    options.say("dryrun: " + env.prefix + "/bin:" + shell_quoted(options.command));
    return kSuccess;
  }
  {
    store::Cache cache(store::Cache::default_root(), warnings());
    show_to_everyone(env, cache);
  }
  return become_in(env, options.command);
}

int mount_project(const CndOptions& options) {
  const HostEnv env = condainer_env(options.project());
  if (options.dry_run) {
    options.say("dryrun: would mount " + env.image + " at " + env.point);
  } else {
    store::Cache cache(store::Cache::default_root(), warnings());
    if (put_up(env, cache)) {
      options.say("hint: condainer already mounted");
    } else {
      options.say(
          "Environment usage in the present shell\n"
          " - enable command  : source activate\n"
          " - disable command : source deactivate");
    }
  }
  if (options.print_point) print(options.project().base() + "\n");
  return kSuccess;
}

int unmount_project(const CndOptions& options) {
  const CondainerProject project = options.project();
  if (options.dry_run) {
    options.say("dryrun: would unmount " + project.base());
    return kSuccess;
  }
  const bool was_mounted = take_down(project.user_env_name, project.prefix()) ||
                           take_down(project.user_env_name, project.base());
  // Directories that led to the environment; others stay.
  if (was_mounted) {
    remove((project.base() + "/envs").c_str());
    remove(project.base().c_str());
  }
  if (!was_mounted) options.say("hint: condainer not mounted");
  return kSuccess;
}

int print_activation(const CndOptions& options) {
  const HostEnv env = condainer_env(options.project());
  store::Cache cache(store::Cache::default_root(), warnings());
  const build::ShownEnv shown =
      build::show_env_at_prefix(env_at_point(env), env.image, cache, warnings());
  print(activation_script(env, shown, Shell::kPosix));
  return kSuccess;
}

int print_deactivation(const CndOptions&) {
  print(deactivation_script(Shell::kPosix));
  return kSuccess;
}

int print_prerequisites(const CndOptions&) {
  std::string out = "Ways to mount an environment\n";
  bool usable = false;
  for (const mount::Trial& trial : mount::Mounts().try_ways()) {
    usable = usable || trial.usable;
    out += " - " + std::string(name_of(trial.way)) + " : " +
           (trial.usable ? "works" : trial.reason) + "\n";
  }
  print(out);
  return usable ? kSuccess : kEnvironmentError;
}

int print_project_status(const CndOptions& options) {
  const CondainerProject project = options.project();
  std::string point = project.prefix();
  if (!mount::is_mounted(point) && mount::is_mounted(project.base())) point = project.base();
  const bool is_mounted = mount::is_mounted(point);
  std::string out = "Condainer status\n - project directory : " + project.directory +
                    "\n - squashfs image    : " + base_name(project.image()) +
                    (exists(project.image()) ? "" : " (not built)") +
                    "\n - fuse mount point  : " + point +
                    "\n - image mounted     : " + (is_mounted ? "True" : "False") + "\n";
  if (is_mounted) {
    const std::string holders = holders_text(mount::Mounts().holders(point));
    if (!holders.empty()) out += " - in use by         : " + holders + "\n";
  }
  print(out);
  return kSuccess;
}

int cache_image(const CndOptions& options) {
  const std::string image = options.project().image();
  if (options.dry_run) {
    options.say("dryrun: would read " + image);
  } else {
    warm_up(image);
  }
  return kSuccess;
}

int print_cnd_version(const CndOptions&) {
  print("Cntr " CNTR_VERSION ", with the commands of Condainer 0.1\n");
  return kSuccess;
}

CLI::App* add_cnd_command(CLI::App& app, Action& action, CndOptions& options,
                          const std::string& name, const std::string& description,
                          int (*work)(const CndOptions&)) {
  CLI::App* const command = app.add_subcommand(name, description);
  command->callback(
      [&action, &options, work] { action = [&options, work] { return work(options); }; });
  return command;
}

int run_cnd(int argc, char** argv) {
  CLI::App app("Create and use conda environments as compressed images.", "cnd");
  CndOptions options;
  Action action;
  app.require_subcommand(1);
  app.add_flag("-q,--quiet", options.quiet, "Print errors only");
  app.add_option("-d,--directory", options.directory, "The project; the current directory");
  app.add_flag("-y,--dryrun", options.dry_run, "Say what would be done, and do nothing");
  add_cnd_command(app, action, options, "init", "Write condainer.yml and environment.yml",
                  init_project)
      ->add_flag("-n,--non-conda-application", options.not_conda, "Not supported");
  add_cnd_command(app, action, options, "build", "Build the environment", build_project)
      ->add_option("-s,--steps", options.steps, "Of no effect: there is one step");
  add_cnd_command(app, action, options, "exec", "Run a command in the environment", exec_in_project)
      ->add_option("command", options.command, "The command and its arguments, after --")
      ->required();
  add_cnd_command(app, action, options, "mount", "Mount the environment", mount_project)
      ->add_flag("-p,--print", options.print_point, "Print the mount directory");
  add_cnd_command(app, action, options, "umount", "Unmount the environment", unmount_project);
  add_cnd_command(app, action, options, "prereq", "Say how environments can be mounted here",
                  print_prerequisites);
  add_cnd_command(app, action, options, "status", "Say what the project is", print_project_status);
  add_cnd_command(app, action, options, "cache", "Read the image into the page cache", cache_image);
  add_cnd_command(app, action, options, "version", "Print the version", print_cnd_version);
  add_cnd_command(app, action, options, "activate", "Used by the file activate", print_activation)
      ->group("");
  add_cnd_command(app, action, options, "deactivate", "Used by the file deactivate",
                  print_deactivation)
      ->group("");
  return parse_and_run(app, argc, argv, action);
}

}  // namespace
}  // namespace cntr::cli

int main(int argc, char** argv) {
  return cntr::cli::guarded(cntr::cli::standard_console(),
                            [&] { return cntr::cli::run_cnd(argc, argv); });
}
