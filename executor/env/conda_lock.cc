// conda-lock.yml, version 1 (CEP 37).
#include <algorithm>

#include "base/text.h"
#include "env/lock_formats.h"
#include "env/wheel_name.h"

namespace cntr::env {
namespace {

using spec::YamlMap;

void check_platform(YamlMap& root, const std::string& platform) {
  if (!root.has("metadata")) return;
  YamlMap metadata = root.map("metadata");
  const std::vector<std::string> platforms = metadata.strings("platforms");
  if (platforms.empty()) return;
  if (std::find(platforms.begin(), platforms.end(), platform) == platforms.end()) {
    throw metadata.error_at("platforms", "The lock is not for " + platform,
                            {"It is for: " + join(platforms, ", ") + "."});
  }
}

bool is_chosen(YamlMap& package, const LockChoice& choice) {
  if (package.string("platform") != choice.platform) return false;
  const std::string category = package.optional_string("category").value_or("main");
  return std::find(choice.categories.begin(), choice.categories.end(), category) !=
         choice.categories.end();
}

LockedPackage read_package(YamlMap& map) {
  LockedPackage out = package_of_url(map.string("url"), map.location());
  const std::string name = map.string("name");
  if (name != out.name) {
    throw map.error_at("name", quote(name) + " is not the name of the package at the URL");
  }
  YamlMap hash = map.map("hash");
  read_sums(hash, out);
  return out;
}

LockedWheel read_wheel(YamlMap& map) {
  LockedWheel out;
  out.url = map.string("url");
  out.is_source = names_source(out.url);
  out.name = normal_project_name(map.string("name"));
  out.version = map.string("version");
  out.where = map.location();
  YamlMap hash = map.map("hash");
  out.sha256 = read_sha256(hash);
  return out;
}

}  // namespace

EnvLock parse_conda_lock(YamlMap& root, const LockChoice& choice) {
  root.integer("version", 1, 1, 1);
  check_platform(root, choice.platform);
  EnvLock out;
  out.platform = choice.platform;
  for (YamlMap& package : root.maps("package")) {
    if (!is_chosen(package, choice)) continue;
    const std::string manager = package.string("manager");
    if (manager == "conda") {
      out.packages.push_back(read_package(package));
    } else if (manager == "pip") {
      out.wheels.push_back(read_wheel(package));
    } else {
      throw package.error_at("manager", quote(manager) + " is not \"conda\" or \"pip\"");
    }
  }
  return out;
}

}  // namespace cntr::env
