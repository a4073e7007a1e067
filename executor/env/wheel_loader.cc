#include "env/wheel_loader.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/parallel.h"
#include "base/text.h"
#include "env/python.h"
#include "env/stage_counter.h"
#include "env/wheel.h"
#include "env/wheel_builder.h"
#include "env/wheel_name.h"

namespace cntr::env {
namespace {

// As a package, for what gets packages.
LockedPackage as_package(const LockedWheel& wheel) {
  LockedPackage out;
  out.url = without_fragment(wheel.url);
  out.sha256 = wheel.sha256;
  out.name = wheel.name;
  out.version = wheel.version;
  out.build = kWheelBuild;
  out.file_name = file_name_of(wheel).file;
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

// What decides on what a build finds: conda's packages, where they are and what they are told.
Digest identity_of_base(const std::vector<LoadedPackage>& packages, const EnvLock& lock,
                        const EnvOptions& options) {
  std::set<std::string> sums;
  for (const LoadedPackage& package : packages) sums.insert(package.lock.sha256.value().hex());
  std::string text = "cntr env build base 1\n" + lock.platform + "\n" + options.prefix + "\n" +
                     (options.link_scripts == spec::LinkScripts::kRun ? "scripts\n" : "\n");
  for (const std::string& sum : sums) text += sum + "\n";
  for (const spec::Variable& variable : lock.variables) {
    text += quote(variable.name) + "=" + quote(variable.value) + "\n";
  }
  return digest_of(text);
}

class WheelLoader {
 public:
  WheelLoader(const EnvOptions& options, const PackageSource& source, const PackStore& store,
              const std::string& scratch, squashfs::WorkerPool& pool, BuildBase base)
      : options_(options),
        source_(source),
        store_(store),
        pool_(pool),
        base_(std::move(base)),
        builder_(base_, scratch) {}

  // What the cache has ready; else the package is there to be made.
  LoadedPackage find(const LockedWheel& wheel) const {
    LoadedPackage out;
    out.lock = as_package(wheel);
    out.is_wheel = true;
    if (!wheel.sha256) {
      throw user_error_at(wheel.where, "The lock has no SHA-256 sum for the wheel " + wheel.name);
    }
    if (auto found = store_.find(key_of(wheel))) {
      out.stored = *std::move(found);
      out.was_ready = true;
    }
    return out;
  }

  void make(const LockedWheel& wheel, LoadedPackage& out) const {
    FoundPackage found = source_.get(out.lock);
    out.stored = store_.add(key_of(wheel), [&](UniqueFd file) {
      return pack(wheel, std::move(found.file), std::move(file));
    });
  }

  void build(const LockedWheel& wheel, LoadedPackage& out) {
    const FoundPackage found = source_.get(out.lock);
    out.stored = store_.add(key_of(wheel), [&](UniqueFd file) {
      BuiltWheel built = builder_.build(wheel, found.path);
      return pack(built.lock, std::move(built.file), std::move(file));
    });
  }

 private:
  Digest key_of(const LockedWheel& wheel) const {
    const std::string package =
        PackStore::key(*wheel.sha256, options_.prefix, options_.compression).hex() + "\n";
    if (wheel.is_source) {
      return digest_of("cntr env source 1\n" + package + base_.identity.hex() + "\n" +
                       subdirectory_of(wheel.url, wheel.where));
    }
    return digest_of("cntr env wheel 1\n" + package + base_.python.minor_version + "\n" +
                     base_.python.site_packages + "\n");
  }

  PackStore::Made pack(const LockedWheel& wheel, UniqueFd wheel_file, UniqueFd pack_file) const {
    squashfs::DataPackWriter writer(std::move(pack_file), wheel_name_of(wheel.url, {}).file,
                                    options_.compression, pool_);
    PackedPackage package =
        pack_wheel(std::move(wheel_file), wheel, base_.python, options_.prefix, writer);
    return {std::move(package), writer.finish()};
  }

  const EnvOptions& options_;
  const PackageSource& source_;
  const PackStore& store_;
  squashfs::WorkerPool& pool_;
  const BuildBase base_;
  WheelBuilder builder_;
};

// One after another: a build may take all cores.
void build_sources(const std::vector<LockedWheel>& wheels, const std::string& platform,
                   const EnvProgress& progress, WheelLoader& loader,
                   std::vector<LoadedPackage>& loaded) {
  std::vector<size_t> to_build;
  for (size_t i = 0; i < wheels.size(); ++i) {
    if (wheels[i].is_source && !loaded[i].was_ready) to_build.push_back(i);
  }
  StageCounter built(progress, EnvStage::kBuildingWheels, to_build.size());
  for (const size_t i : to_build) {
    if (platform != host_platform()) {
      throw user_error_at(wheels[i].where, wheels[i].name + " " + wheels[i].version +
                                               " is there as source only, and is built on " +
                                               platform + " alone");
    }
    loader.build(wheels[i], loaded[i]);
    built.add_one();
  }
}

}  // namespace

void load_wheels(const EnvLock& lock, const EnvOptions& options, const PackageSource& source,
                 const PackStore& store, const std::string& scratch, squashfs::WorkerPool& pool,
                 const WriteCondaPart& write_conda_part, const EnvProgress& progress,
                 std::vector<LoadedPackage>& packages) {
  if (lock.wheels.empty()) return;
  std::vector<LockedWheel> wheels = lock.wheels;
  std::sort(wheels.begin(), wheels.end(),
            [](const LockedWheel& a, const LockedWheel& b) { return a.name < b.name; });
  check_projects(wheels, packages);
  WheelLoader loader(options, source, store, scratch, pool,
                     {identity_of_base(packages, lock, options), options.prefix,
                      python_among(packages, wheels.front()), write_conda_part});
  std::vector<LoadedPackage> loaded(wheels.size());
  run_in_parallel(wheels.size(), pool.threads(), [&](size_t i) {
    loaded[i] = loader.find(wheels[i]);
    if (!loaded[i].was_ready && !wheels[i].is_source) loader.make(wheels[i], loaded[i]);
  });
  build_sources(wheels, lock.platform, progress, loader, loaded);
  std::move(loaded.begin(), loaded.end(), std::back_inserter(packages));
}

}  // namespace cntr::env
