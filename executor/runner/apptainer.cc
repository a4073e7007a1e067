#include "runner/apptainer.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "base/file_system.h"
#include "base/text.h"
#include "runner/container_words.h"
#include "runner/gpus.h"
#include "runner/launch.h"
#include "runner/mount_option.h"

namespace cntr::runner {
namespace {

constexpr const char* kGpuLibraries = "/.singularity.d/libs";  // where --nv puts them

// Not those that stand for options (APPTAINER_BIND): the plan has its own.
bool is_for_apptainer(std::string_view name) {
  constexpr std::array<std::string_view, 12> kNames = {"HOME",
                                                       "PATH",
                                                       "TMPDIR",
                                                       "USER",
                                                       "LOGNAME",
                                                       "XDG_RUNTIME_DIR",
                                                       "DBUS_SESSION_BUS_ADDRESS",
                                                       "LD_LIBRARY_PATH",
                                                       "APPTAINER_CONFIGDIR",
                                                       "APPTAINER_TMPDIR",
                                                       "SINGULARITY_CONFIGDIR",
                                                       "SINGULARITY_TMPDIR"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

std::vector<std::string> environment_for_apptainer() {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (is_for_apptainer(variable_name(*variable))) variables.emplace_back(*variable);
  }
  return variables;
}

using Words = std::vector<std::string>;

void append(Words& words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
}

std::string source_directory(const Sandbox& sandbox) { return sandbox.work_directory + "/src"; }

// What appears at /src, /build and /tmp, /src being a directory with a mount point for each input.
std::vector<Bind> all_binds(const Sandbox& sandbox) {
  std::vector<Bind> binds = {{source_directory(sandbox), "/src", false, true},
                             {sandbox.work_directory + "/build", "/build", true, true},
                             {sandbox.work_directory + "/tmp", "/tmp", true, true}};
  binds.insert(binds.end(), sandbox.binds.begin(), sandbox.binds.end());
  return binds;
}

void make_source_directory(const Sandbox& sandbox) {
  make_directories(source_directory(sandbox));
  for (const Bind& bind : sandbox.binds) {
    const auto rest = path_below(bind.container, "/src");
    if (!rest || rest->empty()) continue;
    const std::string path = source_directory(sandbox) + "/" + *rest;
    make_directories(bind.directory ? path : parent_path(path));
    if (!bind.directory) write_file_atomically(path, "");
  }
}

class Apptainer : public Runner {
 public:
  Apptainer(Kind kind, std::string program, std::string variable_prefix, std::string install)
      : kind_(kind),
        program_(std::move(program)),
        variable_prefix_(std::move(variable_prefix)),
        install_(std::move(install)) {}

  Kind kind() const override { return kind_; }
  bool runs_images() const override { return true; }
  bool runs_host_steps() const override { return false; }

  Availability quick_look() const override {
    if (find_program(program_, search_path())) return {true, "", "", ""};
    return {false, "", "the program " + program_ + " is not on PATH", install_};
  }

  Availability probe() const override {
    Availability availability = quick_look();
    if (!availability.usable) return availability;
    availability.version =
        split(last_line(capture_process({program_, "--version"}).out), ' ').back();
    availability.reason = try_container(*this);
    availability.usable = availability.reason.empty();
    if (!availability.usable) {
      availability.fix = "Make this work: " + program_ +
                         " exec --containall --net --network none <directory> true";
    }
    return availability;
  }

  std::string refusal(const Sandbox& sandbox) const override {
    if (!sandbox.root) return program_ + " needs an image";
    if (sandbox.user != sandbox.caller) {
      return "the image's user is " + std::to_string(sandbox.user.uid) + ":" +
             std::to_string(sandbox.user.gid) + ", and " + program_ +
             " runs everything as the caller: use bubblewrap or podman, or an image without a User";
    }
    return refusal_of_binds(sandbox, program_);
  }

  void prepare(const Sandbox& sandbox) const override {
    make_source_directory(sandbox);
    make_nested_mount_points(sandbox);
  }

  Command plan(const Sandbox& sandbox) const override {
    return plan_apptainer(sandbox, {supervisor_program(), required_program(program_, install_),
                                    init_program(), variable_prefix_, environment_for_apptainer()});
  }

  std::optional<std::string> start_failure(const ExitStatus& status,
                                           const std::string& log_tail) const override {
    if (const auto failure = supervisor_failure(status, log_tail)) return failure;
    const std::string line = last_line(log_tail);
    const bool is_own = (status.code == 255 && line.starts_with("FATAL:")) ||
                        (status.code == 125 && line.starts_with("cntr-init: "));
    return is_own ? std::optional(line) : std::nullopt;
  }

  std::string_view complaint_of_program() const override { return "cntr-init: cannot start "; }

 private:
  Kind kind_;
  std::string program_;
  std::string variable_prefix_;
  std::string install_;
};

}  // namespace

Command plan_apptainer(const Sandbox& sandbox, const ApptainerProgram& program) {
  Sandbox step = sandbox;
  if (step.gpus) {
    limit_visible_gpus(*step.gpus, step.environment);
    add_library_directory(kGpuLibraries, step.environment);
  }
  Command command = command_for(step, {program.supervisor});
  command.environment = program.environment;
  for (const std::string& variable : init_variables(step)) {
    command.environment.push_back(program.variable_prefix + variable);
  }
  Words& argv = command.argv;
  if (step.terminal) argv.push_back("--terminal");
  append(argv, {"--", program.apptainer, "--silent", "exec"});
  append(argv, {"--containall", "--cleanenv", "--no-home", "--no-mount", "bind-paths"});
  append(argv, {"--hostname", "cntr", "--pwd", "/"});
  if (step.caller.uid == 0) argv.push_back("--no-privs");
  if (step.network == spec::Network::kNone) append(argv, {"--net", "--network", "none"});
  if (step.writable_root) argv.push_back("--writable-tmpfs");
  if (step.gpus) argv.push_back("--nv");
  append(argv, bind_option({program.init, kInitInside, false, false}, "ro"));
  for (const Bind& bind : all_binds(step)) append(argv, bind_option(bind, "ro"));
  argv.push_back(step.root->directory);
  append(argv, init_command(step));
  return command;
}

const Runner& apptainer_runner() {
  static const Apptainer runner(Kind::kApptainer, "apptainer", "APPTAINERENV_",
                                "Install Apptainer (https://apptainer.org).");
  return runner;
}

const Runner& singularity_runner() {
  static const Apptainer runner(Kind::kSingularity, "singularity", "SINGULARITYENV_",
                                "Install SingularityCE or Apptainer (https://apptainer.org).");
  return runner;
}

}  // namespace cntr::runner
