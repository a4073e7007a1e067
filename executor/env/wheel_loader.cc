#include "env/wheel_loader.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "base/parallel.h"
#include "base/text.h"
#include "env/python.h"
#include "env/wheel.h"
#include "env/wheel_name.h"

namespace cntr::env {
namespace {

// As a package, for what gets packages.
LockedPackage as_package(const LockedWheel& wheel) {
  LockedPackage out;
  out.url = wheel.url;
  out.sha256 = wheel.sha256;
  out.name = wheel.name;
  out.version = wheel.version;
  out.build = kWheelBuild;
  out.file_name = wheel_name_of(wheel.url, wheel.where).file;
  out.where = wheel.where;
  return out;
}

// The projects that packages have brought, by their .dist-info directories, and the packages.
std::map<std::string, std::string> projects_of(const std::vector<LoadedPackage>& packages) {
  constexpr std::string_view kMetadata = ".dist-info/METADATA";
  std::map<std::string, std::string> out;
  for (const LoadedPackage& package : packages) {
    for (const PackagePath& path : package.stored.package.info.paths) {
      if (!path.path.ends_with(kMetadata)) continue;
      const size_t begin = path.path.rfind('/', path.path.size() - kMetadata.size()) + 1;
      const std::string name = path.path.substr(begin, path.path.find('-', begin) - begin);
      out.emplace(normal_project_name(name), package.stored.package.info.dist());
    }
  }
  return out;
}

// Two versions of one project cannot be in one environment, and what is in it already cannot go.
void check_projects(const std::vector<LockedWheel>& wheels,
                    const std::vector<LoadedPackage>& packages) {
  std::map<std::string, std::string> projects = projects_of(packages);
  for (const LockedWheel& wheel : wheels) {
    const auto [found, is_new] = projects.emplace(wheel.name, "another wheel");
    if (is_new) continue;
    throw user_error_at(
        wheel.where,
        "The wheel of " + wheel.name + " " + wheel.version + " would take the place of " +
            found->second,
        {"Ask for the version that pip needs in the dependencies of conda, or for none there."});
  }
}

Python python_among(const std::vector<LoadedPackage>& packages, const LockedWheel& first) {
  for (const LoadedPackage& package : packages) {
    if (package.lock.name == "python") return python_of(package.stored.package.info);
  }
  throw user_error_at(first.where,
                      "The wheel of " + first.name + " needs a Python, and the lock has none",
                      {"Add the package python to the environment and lock it again."});
}

LoadedPackage load(const LockedWheel& wheel, const Python& python, const EnvOptions& options,
                   const PackageSource& source, const PackStore& store,
                   squashfs::WorkerPool& pool) {
  LoadedPackage out;
  out.lock = as_package(wheel);
  out.is_wheel = true;
  if (!wheel.sha256) {
    throw user_error_at(wheel.where, "The lock has no SHA-256 sum for the wheel " + wheel.name);
  }
  const Digest key =
      digest_of("cntr env wheel 1\n" +
                PackStore::key(*wheel.sha256, options.prefix, options.compression).hex() + "\n" +
                python.minor_version + "\n" + python.site_packages + "\n");
  if (auto found = store.find(key)) {
    out.stored = *std::move(found);
    out.was_ready = true;
    return out;
  }
  FoundPackage found = source.get(out.lock);
  out.stored = store.add(key, [&](UniqueFd file) {
    squashfs::DataPackWriter writer(std::move(file), out.lock.file_name, options.compression, pool);
    PackedPackage package =
        pack_wheel(std::move(found.file), wheel, python, options.prefix, writer);
    return PackStore::Made{std::move(package), writer.finish()};
  });
  return out;
}

}  // namespace

void load_wheels(const EnvLock& lock, const EnvOptions& options, const PackageSource& source,
                 const PackStore& store, squashfs::WorkerPool& pool,
                 std::vector<LoadedPackage>& packages) {
  if (lock.wheels.empty()) return;
  std::vector<LockedWheel> wheels = lock.wheels;
  std::sort(wheels.begin(), wheels.end(),
            [](const LockedWheel& a, const LockedWheel& b) { return a.name < b.name; });
  check_projects(wheels, packages);
  const Python python = python_among(packages, wheels.front());
  std::vector<LoadedPackage> loaded(wheels.size());
  run_in_parallel(wheels.size(), pool.threads(), [&](size_t i) {
    loaded[i] = load(wheels[i], python, options, source, store, pool);
  });
  std::move(loaded.begin(), loaded.end(), std::back_inserter(packages));
}

}  // namespace cntr::env
