#include "build/sandbox_setup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/file_system.h"
#include "build/image_path.h"
#include "build/image_user.h"
#include "build/sandbox_paths.h"
#include "build/sif_environment.h"
#include "build/staging.h"
#include "env/activation.h"
#include "spec/declaration.h"

namespace cntr::build {
namespace {

const std::string kBuild(kBuildRoot);
const std::string kSource(kSourceRoot);

// False where a failed step, into whose work directory `cntr shell` looks, left something else.
bool make_directories_in_work(const std::string& work, const std::string& path) {
  if (obstacle_on_the_way(work, path + "/.")) return false;
  make_directories(path);
  return true;
}

void make_placeholder(const std::string& work, const std::string& path, bool directory) {
  const bool made = make_directories_in_work(work, directory ? path : parent_path(path));
  if (directory || !made) return;
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!fd.valid()) throw system_error("Cannot write " + path, errno);
}

// The binds of one step, with their mount points inside /build.
class BindPlan {
 public:
  BindPlan(const spec::Step& step, const ResolvedStep& resolved, const Execution& execution)
      : step_(step),
        resolved_(resolved),
        execution_(execution),
        work_(execution.work),
        paths_(sandbox_paths(step)) {}

  std::vector<runner::Bind> make() {
    for (const ResolvedInput& input : resolved_.inputs) {
      add(input.host, input.container, false, input.directory);
    }
    // The host runner has it at its prefix.
    if (execution_.env && execution_.runner != runner::Kind::kHost) {
      add(execution_.env->directory, execution_.env->prefix, false, true);
    }
    for (const spec::Mount& mount : step_.mounts) add_mount(mount);
    for (const ResolvedOutput& output : resolved_.outputs) add_output(output);
    add_working_directory();
    std::stable_sort(
        binds_.begin(), binds_.end(),
        [](const runner::Bind& a, const runner::Bind& b) { return a.container < b.container; });
    drop_what_a_directory_shows();
    for (const runner::Bind& bind : binds_) {
      if (path_below(bind.container, kBuild)) {
        make_placeholder(work_, path_in_work(work_, bind.container), bind.directory);
      }
    }
    return std::move(binds_);
  }

 private:
  void add(const std::string& host, const std::string& container, bool writable, bool directory) {
    binds_.push_back({host, container, writable, directory});
  }

  void add_mount(const spec::Mount& mount) {
    if (mount.undeclared) {
      const auto info = stat_file(mount.host);
      if (!info) {
        throw user_error_at(step_.location, "Step " + step_.name + ": the mounted path " +
                                                mount.host + " is not there");
      }
      add(mount.host, mount.container, mount.mode == spec::MountMode::kReadWrite,
          info->kind == FileKind::kDirectory);
      return;
    }
    bool shows_something = false;
    if (mount.mode == spec::MountMode::kReadWrite) {
      const std::string inside = paths_.find(mount.host).value_or(mount.host);
      const std::string directory = path_in_work(work_, inside);
      make_directories_in_work(work_, directory);
      add(directory, mount.container, true, true);
      shows_something = true;
    }
    for (const ResolvedInput& input : resolved_.inputs) {
      if (const auto rest = path_below(input.host, mount.host)) {
        add(input.host, rest->empty() ? mount.container : mount.container + "/" + *rest, false,
            input.directory);
        shows_something = true;
      } else if (input.directory && path_below(mount.host, input.host)) {
        add(mount.host, mount.container, false, true);
        shows_something = true;
      }
    }
    if (shows_something) return;
    make_directories(work_ + "/empty");
    add(work_ + "/empty", mount.container, false, true);
  }

  void add_output(const ResolvedOutput& output) {
    const std::string host = path_in_work(work_, output.container);
    const std::string parent = parent_path(output.container);
    make_directories_in_work(work_, parent_path(host));
    if (path_below(output.container, kBuild)) return;
    for (const runner::Bind& bind : binds_) {
      if (bind.container == parent && bind.writable) return;
    }
    add(parent_path(host), parent, true, true);
  }

  // The image's WorkingDir where the image has none: an empty directory, as Docker makes it.
  void add_working_directory() {
    const std::string& directory = resolved_.directory;
    if (!execution_.root || step_.working_directory || path_below(directory, kBuild)) return;
    if (path_below(directory, "/tmp")) {
      make_directories_in_work(work_, work_ + directory);
      return;
    }
    const auto is_near = [&](const runner::Bind& bind) {
      return path_below(bind.container, directory) || path_below(directory, bind.container);
    };
    if (std::any_of(binds_.begin(), binds_.end(), is_near)) return;
    const bool hidden = directory != kSource && path_below(directory, kSource);
    if (!hidden && is_in_image(execution_.root->directory, directory)) return;
    const std::string empty = path_in_work(work_, directory);
    if (make_directories_in_work(work_, empty)) add(empty, directory, step_.writable_root, true);
  }

  // An input below an input directory is there already.
  void drop_what_a_directory_shows() {
    std::vector<runner::Bind> kept;
    std::vector<runner::Bind> directories;
    for (const runner::Bind& bind : binds_) {
      const auto shows_it = [&bind](const runner::Bind& other) {
        const auto rest = path_below(bind.container, other.container);
        return rest && bind.host == (rest->empty() ? other.host : other.host + "/" + *rest);
      };
      if (!bind.writable && std::any_of(directories.begin(), directories.end(), shows_it)) continue;
      kept.push_back(bind);
      if (bind.directory && !bind.writable) directories.push_back(bind);
    }
    binds_ = std::move(kept);
  }

  const spec::Step& step_;
  const ResolvedStep& resolved_;
  const Execution& execution_;
  const std::string& work_;
  const PathMap paths_;
  std::vector<runner::Bind> binds_;
};

// "NAME=value": the defaults, the image's own, those of the activated environment, what the step
// declares, secrets; later ones win. The environment's programs are in front in any PATH.
std::vector<std::string> environment_of(const ResolvedStep& resolved, const Execution& execution,
                                        const env::Activation& activation) {
  std::vector<spec::Variable> variables = {{"PATH", std::string(kDefaultSearchPath)},
                                           {"LANG", "C.UTF-8"},
                                           {"HOME", "/tmp"},
                                           {"TMPDIR", "/tmp"}};
  const auto set = [&](const std::string& name, const std::string& value) {
    const auto found =
        std::find_if(variables.begin(), variables.end(),
                     [&](const spec::Variable& variable) { return variable.name == name; });
    if (found == variables.end()) {
      variables.push_back({name, value});
    } else {
      found->value = value;
    }
  };
  if (execution.image_config != nullptr) {
    for (const std::string& entry : execution.image_config->env) {
      const size_t equals = entry.find('=');
      if (equals != std::string::npos) set(entry.substr(0, equals), entry.substr(equals + 1));
    }
  }
  for (const auto& [name, value] : activation.variables) set(name, value);
  for (const spec::Variable& variable : resolved.variables) set(variable.name, variable.value);
  for (const spec::Variable& secret : execution.secrets) set(secret.name, secret.value);
  std::vector<std::string> out;
  for (spec::Variable& variable : variables) {
    if (execution.env && variable.name == "PATH") {
      variable.value = env::search_path_in(execution.env->prefix, variable.value);
    }
    out.push_back(variable.name + "=" + variable.value);
  }
  return out;
}

std::vector<std::string> declared_names(const ResolvedStep& resolved, const Execution& execution,
                                        const env::Activation& activation) {
  std::vector<std::string> names;
  for (const auto& [name, value] : activation.variables) names.push_back(name);
  for (const spec::Variable& variable : resolved.variables) names.push_back(variable.name);
  for (const spec::Variable& secret : execution.secrets) names.push_back(secret.name);
  return names;
}

void make_work_directory(const Execution& execution) {
  const std::string& work = execution.work;
  if (!execution.keep_work) remove_tree(work);
  for (const char* name : {"/build", "/tmp"}) make_directories(work + name);
}

}  // namespace

std::string path_in_work(const std::string& work, const std::string& container) {
  if (const auto rest = path_below(container, kBuild)) {
    return work + "/build" + (rest->empty() ? "" : "/" + *rest);
  }
  return work + "/external" + container;
}

std::optional<std::string> obstacle_on_the_way(const std::string& work, const std::string& path) {
  for (size_t end = work.size(); end != std::string::npos; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    const auto info = stat_link(part);
    if (!info) return std::nullopt;
    if (info->kind != FileKind::kDirectory) {
      const std::string inside = part.substr(work.size());
      return path_below(inside, "/external") ? inside.substr(std::string("/external").size())
                                             : inside;
    }
    if ((info->mode & S_IRWXU) == S_IRWXU) continue;
    if (chmod(part.c_str(), info->mode | S_IRWXU) != 0) {
      throw system_error("Cannot set the permissions of " + part, errno);
    }
  }
  return std::nullopt;
}

runner::Sandbox set_up_sandbox(const spec::Step& step, const ResolvedStep& resolved,
                               const Execution& execution) {
  make_work_directory(execution);
  runner::Sandbox sandbox;
  sandbox.id = digest_of(execution.work + " " + std::to_string(getpid())).hex().substr(0, 16);
  env::Activation activation;
  if (execution.env) {
    activation = env::activation_of(execution.env->directory, execution.env->prefix);
  }
  sandbox.argv = env::activated_command(activation.scripts, resolved.argv);
  if (execution.sif && has_sif_scripts(execution.root->directory)) {
    sandbox.argv = command_with_sif_environment(
        declared_names(resolved, execution, activation),
        execution.env ? env::search_path_in(execution.env->prefix, "") : "", sandbox.argv);
  }
  sandbox.environment = environment_of(resolved, execution, activation);
  sandbox.directory = resolved.directory;
  sandbox.input_path = step.stdin_path.value_or("");
  sandbox.root = execution.root;
  if (!execution.root) sandbox.hidden = {step.source_dir, step.binary_dir};
  sandbox.work_directory = execution.work;
  sandbox.lock_fd = execution.lock_fd;
  sandbox.binds = BindPlan(step, resolved, execution).make();
  sandbox.network = step.network;
  sandbox.writable_root = step.writable_root;
  sandbox.gpus = step.gpus;
  sandbox.caller = {getuid(), getgid()};
  sandbox.user = sandbox.caller;
  if (execution.root && !execution.image_config->user.empty()) {
    sandbox.user = spec::at_declaration("Step " + step.name, step.location, [&] {
      return image_user(execution.image_config->user, execution.root->directory);
    });
  }
  if (execution.root && !execution.image_config->stop_signal.empty()) {
    sandbox.stop_signal = spec::at_declaration("Step " + step.name, step.location, [&] {
      return image_stop_signal(execution.image_config->stop_signal);
    });
  }
  if (path_below(sandbox.directory, kBuild)) {
    make_directories_in_work(execution.work, path_in_work(execution.work, sandbox.directory));
  }
  if (execution.runner == runner::Kind::kHost)
    stage_on_host(step, execution.env ? execution.env->prefix : "", sandbox);
  return sandbox;
}

}  // namespace cntr::build
