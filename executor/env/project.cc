#include "env/project.h"

#include <algorithm>
#include <vector>

#include "base/environment.h"
#include "base/error.h"
#include "base/file_system.h"
#include "base/text.h"
#include "env/environment.h"
#include "env/lock.h"
#include "spec/yaml_map.h"

namespace cntr::env {
namespace {

constexpr size_t kDigits = 12;

bool is_directory(const std::string& path) {
  const auto stat = stat_file(path);
  return stat && stat->kind == FileKind::kDirectory;
}

std::string without_extension(const std::string& name) {
  const size_t dot = name.rfind('.');
  return dot == std::string::npos || dot == 0 ? name : name.substr(0, dot);
}

std::optional<std::string> declared_name(const std::string& directory) {
  const std::string path = directory + "/environment.yml";
  const auto text = read_file_if_exists(path);
  if (!text) return std::nullopt;
  return spec::YamlMap(spec::parse_yaml_document(*text, path), path).optional_string("name");
}

std::string name_of(const std::string& path) {
  if (!is_directory(path)) return plain_name(without_extension(base_name(path)));
  return plain_name(declared_name(path).value_or(base_name(path)));
}

}  // namespace

std::optional<std::string> find_lock(const std::string& directory) {
  std::vector<std::string> found;
  for (const std::string& name :
       {"environment." + host_platform() + ".lock", "conda-" + host_platform() + ".lock",
        std::string("environment.lock"), std::string("explicit.txt"), std::string("conda-lock.yml"),
        std::string("pixi.lock")}) {
    if (exists(directory + "/" + name)) found.push_back(name);
  }
  if (found.empty()) return std::nullopt;
  if (found.size() == 1) return directory + "/" + found.front();
  throw user_error("There are several locks in " + directory + ": " + join(found, ", "),
                   {"Name the one that is meant instead of the directory."});
}

std::string lock_of_directory(const std::string& directory) {
  if (const auto lock = find_lock(directory)) return *lock;
  if (exists(directory + "/environment.yml")) {
    throw user_error("There is no lock beside " + directory + "/environment.yml",
                     {"`cntr env lock -d " + directory + "` makes it."});
  }
  throw user_error("There is no lock of an environment in " + directory,
                   {"Name a directory with a conda-" + host_platform() +
                        ".lock, conda-lock.yml or pixi.lock, or such a file.",
                    "`cntr env init` begins a new environment."});
}

std::string prefix_base() {
  const auto absolute = [](const std::string& name, const std::string& value) {
    if (value.starts_with('/')) return normal_path(value, "/");
    throw user_error(name + " is no absolute path: " + quote(value));
  };
  if (const auto base = environment_variable("CNTR_ENV_BASE"); base && !base->empty()) {
    return absolute("CNTR_ENV_BASE", *base);
  }
  // As its specification asks, what is not absolute does not count.
  if (const auto data = environment_variable("XDG_DATA_HOME"); data && data->starts_with('/')) {
    return normal_path(*data, "/") + "/cntr/envs";
  }
  if (const auto home = environment_variable("HOME"); home && !home->empty()) {
    return absolute("HOME", *home) + "/.local/share/cntr/envs";
  }
  throw user_error("There is no place for environments: neither CNTR_ENV_BASE nor HOME is set");
}

spec::Env env_at(const std::string& path) {
  std::string normal = normal_path(path, current_directory());
  if (!exists(normal)) throw user_error("There is no directory and no lock " + normal);
  if (base_name(normal) == "environment.yml") normal = parent_path(normal);
  spec::Env env;
  env.lock = is_directory(normal) ? lock_of_directory(normal) : normal;
  env.name = name_of(normal);
  env.location = {env.lock};
  env.prefix = prefix_base();
  env.prefix += "/" + identify(env).identity.hex().substr(0, kDigits);
  return env;
}

spec::Env requested_env_at(const std::string& path) {
  const std::string normal = normal_path(path, current_directory());
  const std::string yml = is_directory(normal) ? normal + "/environment.yml" : normal;
  if (!exists(yml)) throw user_error("There is no " + yml);
  const std::string directory = parent_path(yml);
  spec::Env env;
  env.name = name_of(directory);
  env.location = {yml};
  env.lock = directory + "/" + without_extension(base_name(yml)) + "." + host_platform() + ".lock";
  env.request.emplace();
  env.request->environment = yml;
  const std::string requirements = directory + "/requirements.txt";
  if (exists(requirements)) env.request->requirements = requirements;
  return env;
}

std::string environment_skeleton(const std::string& name) {
  return "# What the environment is to have; `cntr env lock` decides on versions.\n"
         "name: " +
         name +
         "\nchannels:\n  - conda-forge\n  - nodefaults\ndependencies:\n  - python=3.12\n  - pip\n";
}

std::string plain_name(const std::string& name) {
  std::string out = name;
  std::replace_if(
      out.begin(), out.end(),
      [](char c) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-' || c == '@';
        return !plain;
      },
      '_');
  return out.empty() ? "env" : out;
}

}  // namespace cntr::env
