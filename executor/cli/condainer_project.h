// A project of Condainer: condainer.yml and the files beside it, as Condainer 0.1 reads and writes
// them.
#pragma once

#include <optional>
#include <string>

#include "cli/host_env.h"

namespace cntr::cli {

struct CondainerProject {
  std::string directory;
  std::string uuid;
  std::string mount_base_directory;
  std::string environment_yml;   // absolute
  std::string requirements_txt;  // absolute
  std::string installer;         // an absolute path, or a URL; "" for none
  std::string conda_exe;         // the solver that is preferred; "" for none
  std::string user_env_name;     // "basic@condainer"
  bool is_conda = true;          // false for what non_conda_application says
  bool multiuser_mountpoint = false;

  std::string image() const { return directory + "/" + uuid + ".squashfs"; }
  // Where Condainer mounts an image, with a whole conda in it.
  std::string base() const;
  // The environment of environment.yml.
  std::string prefix() const { return is_conda ? base() + "/envs/" + user_env_name : base(); }
};

// The installer is what CONDAINER_INSTALLER says, a path, else what the file says; of a URL the
// file that Condainer's `init` downloaded into the project, when it is there. Throws a user Error,
// at the file and line, for what is missing or unfit to be part of a path.
CondainerProject read_condainer_project(const std::string& directory);

// A new condainer.yml. `installer` is what CONDAINER_INSTALLER says.
std::string condainer_skeleton(const std::optional<std::string>& installer);

// Writes the name of the environment into condainer.yml, where Condainer looks for it; nothing else
// of the file changes.
void remember_env_name(const CondainerProject& project);

// The environment of the project's image, which is there: one that Cntr made is the environment;
// one that Condainer made has it below envs/.
HostEnv condainer_env(const CondainerProject& project);

// Makes the image from the project's lock, which it makes as well where there is none, with the
// user's own solver, else with what the project's installer installs. Throws as env::built_image()
// and build::make_env_lock() do.
void build_condainer_image(const CondainerProject& project);

}  // namespace cntr::cli
