// pixi.lock, versions 4 to 7: environments name packages by URL, and a list of all packages says
// more of each.
#include <algorithm>
#include <map>

#include "base/text.h"
#include "env/lock_formats.h"
#include "env/wheel_name.h"

namespace cntr::env {
namespace {

using spec::YamlMap;

constexpr int64_t kFirstVersion = 4;
constexpr int64_t kLastVersion = 7;

// "conda" or "pypi", and the URL or path. Up to version 5 an entry of the list has these under keys
// of their own.
struct Reference {
  std::string kind;
  std::string url;

  auto operator<=>(const Reference&) const = default;
};

Reference read_reference(YamlMap& map) {
  for (const char* const kind : {"conda", "pypi"}) {
    if (map.has(kind)) return {kind, map.string(kind)};
  }
  if (map.has("kind")) return {map.string("kind"), map.string(map.has("url") ? "url" : "path")};
  for (const char* const source : {"conda_source", "pypi_source"}) {
    if (!map.has(source)) continue;
    throw map.error_at(source, quote(map.string(source)) + " is to be built from source",
                       {"Cntr puts packages that are built already into an environment."});
  }
  throw user_error_at(map.location(), "The package has neither a key \"conda\" nor \"pypi\"");
}

using Packages = std::map<Reference, YamlMap>;

Packages index_packages(YamlMap& root) {
  Packages out;
  for (YamlMap& map : root.maps("packages")) {
    if (map.has("conda_source") || map.has("pypi_source")) continue;
    out.emplace(read_reference(map), map);
  }
  return out;
}

LockedPackage read_package(YamlMap& map, const std::string& url, const Location& where,
                           const std::string& lock_path) {
  LockedPackage out = package_of_url(absolute_url(url, lock_path), where);
  read_sums(map, out);
  if (map.has("size")) {
    out.size = static_cast<uint64_t>(map.integer("size", 0, 0, INT64_MAX));
  }
  out.depends = map.strings("depends");
  out.constrains = map.strings("constrains");
  return out;
}

LockedWheel read_wheel(YamlMap& map, const std::string& url, const Location& where,
                       const std::string& lock_path) {
  LockedWheel out;
  out.url = absolute_url(url, lock_path);
  out.name = normal_project_name(map.string("name"));
  out.version = map.string("version");
  out.sha256 = read_sha256(map);
  out.where = where;
  out.is_source = names_source(out.url);
  return out;
}

// A platform's own name (version 7 has such) of conda's name.
std::string platform_key(YamlMap& root, YamlMap& by_platform, const LockChoice& choice) {
  if (by_platform.has(choice.platform)) return choice.platform;
  if (root.has("platforms")) {
    for (YamlMap& platform : root.maps("platforms")) {
      const std::string name = platform.string("name");
      if (platform.optional_string("subdir").value_or(name) == choice.platform &&
          by_platform.has(name)) {
        return name;
      }
    }
  }
  throw user_error_at(
      by_platform.location(),
      "The environment " + quote(choice.environment) + " is not locked for " + choice.platform,
      {"It is locked for: " + join(by_platform.keys(), ", ") + "."});
}

YamlMap find_environment(YamlMap& root, const std::string& name) {
  YamlMap environments = root.map("environments");
  if (environments.has(name)) return environments.map(name);
  throw user_error_at(environments.location(), "The lock has no environment " + quote(name),
                      {"It has: " + join(environments.keys(), ", ") + "."});
}

}  // namespace

EnvLock parse_pixi_lock(YamlMap& root, const std::string& path, const LockChoice& choice) {
  root.integer("version", 0, kFirstVersion, kLastVersion);
  EnvLock out;
  out.platform = choice.platform;
  YamlMap by_platform = find_environment(root, choice.environment).map("packages");
  const std::string key = platform_key(root, by_platform, choice);
  Packages packages = index_packages(root);
  for (YamlMap& entry : by_platform.maps(key)) {
    const Reference reference = read_reference(entry);
    const auto found = packages.find(reference);
    if (found == packages.end()) {
      throw user_error_at(entry.location(), "The list of packages has no " + quote(reference.url));
    }
    if (reference.kind == "conda") {
      out.packages.push_back(read_package(found->second, reference.url, entry.location(), path));
    } else {
      out.wheels.push_back(read_wheel(found->second, reference.url, entry.location(), path));
    }
  }
  return out;
}

}  // namespace cntr::env
