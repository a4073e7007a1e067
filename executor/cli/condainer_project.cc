#include "cli/condainer_project.h"

#include <unistd.h>

#include "base/environment.h"
#include "base/error.h"
#include "base/file_system.h"
#include "base/text.h"
#include "build/env_lock.h"
#include "cli/console.h"
#include "cli/env_progress.h"
#include "env/environment.h"
#include "env/project.h"
#include "mount/mount.h"
#include "spec/yaml_map.h"

namespace cntr::cli {
namespace {

constexpr const char* kInstallerUrl =
    "https://github.com/conda-forge/miniforge/releases/latest/download/"
    "Miniforge3-Linux-x86_64.sh";

// Part of a path, of a prompt and of a script.
std::string plain_word(spec::YamlMap& map, const std::string& key) {
  const std::string text = map.string(key);
  if (text.empty() || text.front() == '.' || env::plain_name(text) != text) {
    throw map.error_at(key, "is no name: " + quote(text));
  }
  return text;
}

std::string name_of_environment(const std::string& environment_yml) {
  const auto text = read_file_if_exists(environment_yml);
  if (!text) return "env";
  spec::YamlMap map(spec::parse_yaml_document(*text, environment_yml), environment_yml);
  return env::plain_name(map.optional_string("name").value_or("env"));
}

std::string configuration_of(const std::string& directory) { return directory + "/condainer.yml"; }

std::string random_uuid() {
  std::string uuid = read_file("/proc/sys/kernel/random/uuid");
  while (uuid.ends_with('\n')) uuid.pop_back();
  return uuid;
}

bool is_url(const std::string& text) {
  return text.starts_with("https://") || text.starts_with("http://");
}

std::string installer_of(spec::YamlMap& map, const std::string& directory) {
  const std::string variable = environment_variable("CONDAINER_INSTALLER").value_or("");
  if (is_url(variable)) {
    throw user_error("CONDAINER_INSTALLER is not the path of an installer: " + quote(variable),
                     {"What is to be downloaded is named in condainer.yml, as installer_url."});
  }
  if (!variable.empty()) return normal_path(variable, current_directory());
  const std::string text = map.optional_string("installer_url").value_or("");
  if (text.empty()) return "";
  if (!is_url(text)) return normal_path(text, directory);
  const std::string downloaded = directory + "/" + base_name(text);
  return exists(downloaded) ? downloaded : text;
}

bool is_of_condainer(const CondainerProject& project) {
  mount::Mounted mounted = mount::Mounts().mount({project.image()}, "condainer");
  const auto* const use = std::get_if<mount::MountedImage>(&mounted);
  return use != nullptr && exists(use->path() + "/envs/" + project.user_env_name);
}

// With a lock: the one that is there, or that of its environment.yml, made with the user's solver.
spec::Env locked_env(const CondainerProject& project) {
  const auto found = env::find_lock(parent_path(project.environment_yml));
  spec::Env env;
  if (found && !exists(project.environment_yml)) {
    env.lock = *found;
  } else {
    env = env::requested_env_at(project.environment_yml);
    env.request->requirements = exists(project.requirements_txt) ? project.requirements_txt : "";
    env.request->preferred_solver = project.conda_exe;
    env.request->installer = project.installer;
    env.request->takes_unpinned = true;
    if (found && *found != env.lock) {
      env.lock = *found;
    } else {
      build::make_env_lock(env, /*update=*/false, warnings());
    }
    env.request.reset();
  }
  env.name = project.user_env_name;
  env.location = {env.lock};
  env.prefix = project.prefix();
  return env;
}

}  // namespace

std::string CondainerProject::base() const {
  const std::string user = multiuser_mountpoint ? "-" + std::to_string(getuid()) : "";
  return mount_base_directory + "/condainer-" + uuid + user;
}

CondainerProject read_condainer_project(const std::string& directory) {
  const std::string path = configuration_of(directory);
  const auto text = read_file_if_exists(path);
  if (!text) {
    throw user_error("There is no condainer.yml in " + directory,
                     {"`cnd init` makes one; -d names the directory of a project."});
  }
  spec::YamlMap map(spec::parse_yaml_document(*text, path), path);
  const auto file = [&](const std::string& key) {
    return normal_path(map.optional_string(key).value_or(
                           key == "environment_yml" ? "environment.yml" : "requirements.txt"),
                       directory);
  };
  CondainerProject project;
  project.directory = directory;
  project.uuid = plain_word(map, "uuid");
  project.mount_base_directory = map.path("mount_base_directory");
  project.environment_yml = file("environment_yml");
  project.requirements_txt = file("requirements_txt");
  project.installer = installer_of(map, directory);
  if (map.has("conda_exe")) project.conda_exe = plain_word(map, "conda_exe");
  project.is_conda = !map.boolean("non_conda_application", false);
  project.multiuser_mountpoint = map.boolean("multiuser_mountpoint", false);
  project.user_env_name = map.has("user_env_name")
                              ? plain_word(map, "user_env_name")
                              : name_of_environment(project.environment_yml) + "@condainer";
  return project;
}

std::string condainer_skeleton(const std::optional<std::string>& installer) {
  return "# A project of `cnd`. What is here can be edited by hand.\n"
         "mount_base_directory: /tmp\nuuid: " +
         random_uuid() +
         "\nenvironment_yml: environment.yml\nrequirements_txt: requirements.txt\n"
         "installer_url: " +
         quote(installer.value_or(kInstallerUrl)) + "\nconda_exe: mamba\n";
}

void remember_env_name(const CondainerProject& project) {
  const std::string path = configuration_of(project.directory);
  std::string text = read_file(path);
  if (spec::YamlMap(spec::parse_yaml_document(text, path), path).has("user_env_name")) return;
  if (!text.empty() && text.back() != '\n') text += '\n';
  write_file_atomically(path, text + "user_env_name: " + project.user_env_name + "\n");
}

HostEnv condainer_env(const CondainerProject& project) {
  if (!exists(project.image())) {
    throw user_error("There is no image " + project.image(), {"`cnd build` makes it."});
  }
  const bool is_whole = !project.is_conda || is_of_condainer(project);
  return {project.user_env_name, project.image(), is_whole ? project.base() : project.prefix(),
          project.prefix()};
}

void build_condainer_image(const CondainerProject& project) {
  const spec::Env env = locked_env(project);
  if (exists(project.requirements_txt) && env::locked_packages(env).wheels.empty()) {
    throw user_error(env.lock + " has no packages of pip, and " + project.requirements_txt +
                     " asks for some");
  }
  const store::Cache cache(store::Cache::default_root(), warnings());
  EnvProgressLine line;
  const std::string built =
      env::built_image(env, env::identify(env), cache, line.warnings(), line.progress());
  const TemporaryDirectory aside(project.directory, ".cnd-");
  const std::string draft = aside.path() + "/image";
  clone_file(built, draft, 0644);
  rename_path(draft, project.image());
}

}  // namespace cntr::cli
