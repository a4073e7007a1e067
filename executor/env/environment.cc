#include "env/environment.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/environment.h"
#include "base/error.h"
#include "base/file_system.h"
#include "base/text.h"
#include "env/conda_config.h"
#include "env/conda_meta.h"
#include "env/pack_store.h"
#include "env/package_source.h"
#include "env/pin.h"
#include "env/prefix.h"
#include "env/solve_request.h"
#include "env/wheel_name.h"
#include "spec/declaration.h"
#include "spec/signature_text.h"
#include "squashfs/superblock.h"
#include "store/sharing.h"

namespace cntr::env {
namespace {

// To be changed with whatever changes the files that a lock becomes.
constexpr std::string_view kFormat = "2";

std::string_view word_of(spec::LinkScripts link_scripts) {
  switch (link_scripts) {
    case spec::LinkScripts::kRun:
      return "on";
    case spec::LinkScripts::kRefuse:
      return "off";
    case spec::LinkScripts::kIgnore:
      return "ignore";
  }
  return "";
}

std::string sums_of(const LockedPackage& package) {
  if (!package.sha256 && package.md5.empty()) {
    throw user_error_at(package.where,
                        "The lock has no checksum for the package " + package.file_name,
                        {"Write it behind the URL: #sha256:<64 digits>. Without it, nobody knows "
                         "which package that is."});
  }
  std::vector<std::string> words;
  if (package.sha256) words.push_back(package.sha256->text());
  if (!package.md5.empty()) words.push_back("md5:" + package.md5);
  if (package.size) words.push_back("size:" + std::to_string(*package.size));
  return join(words, " ");
}

std::string quoted_words(const std::vector<std::string>& texts) {
  std::vector<std::string> words;
  words.reserve(texts.size());
  for (const std::string& text : texts) words.push_back(quote(text));
  return join(words, " ");
}

// All of the package's entry in the lock that goes into the environment: its files, and its record
// in conda-meta/.
void add_package(const LockedPackage& package, spec::SignatureText& text) {
  const std::string url = recorded_url(package);
  text.add("package", url, sums_of(package));
  if (package.depends) text.add("depends", url, quoted_words(*package.depends));
  if (package.constrains) text.add("constrains", url, quoted_words(*package.constrains));
}

// A directory for what is being written, which only who holds the lock on it has: what one that was
// killed left there goes.
class Workshop {
 public:
  explicit Workshop(std::string path) : path_(std::move(path)) {
    remove_tree(path_);
    make_directories(path_);
  }
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;
  ~Workshop() {
    try {
      remove_tree(path_);
    } catch (const Error&) {  // the next one removes it
    }
  }

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

void build_image(const spec::Env& env, const EnvLock& lock, const std::string& scratch,
                 const std::string& image, const store::Cache& cache, const WarningSink& warn,
                 const EnvProgress& progress) {
  const CondaConfig config = read_conda_config(environment_variable);
  const PackageSource source(cache.packages_directory(), scratch, config.package_caches,
                             [&config](const LockedPackage& package, const std::string& to) {
                               download_package(package, to, config);
                             });
  const PackStore store(cache.packs_directory(), scratch, wanted_packs());
  EnvBuilder(source, store, scratch, warn, progress).build(lock, options_of(env), image);
}

// False also for what a crash of the machine, or a full disk, cut off.
bool is_whole(const std::string& image) {
  const auto stat = stat_file(image);
  if (!stat || stat->kind != FileKind::kRegular) return false;
  const UniqueFd file = open_to_read(image);
  try {
    squashfs::read_superblock(file.get(), 0, stat->size, image);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kUser) throw;
    return false;
  }
  return true;
}

}  // namespace

EnvLock locked_packages(const spec::Env& env) {
  LockChoice choice;
  choice.platform = env.platform.empty() ? host_platform() : env.platform;
  if (!env.lock_environment.empty()) choice.environment = env.lock_environment;
  if (!env.lock_categories.empty()) choice.categories = env.lock_categories;
  return spec::at_declaration(env, [&] {
    std::vector<spec::Variable> variables;
    if (env.request) {
      SolveRequest request = read_solve_request(env, [](const std::string&) {});
      check_pin(env.lock, request);
      variables = std::move(request.variables);
    }
    const auto text = read_file_if_exists(env.lock);
    if (!text) throw user_error("there is no lock " + env.lock);
    EnvLock lock = parse_lock(*text, env.lock, choice);
    std::sort(lock.packages.begin(), lock.packages.end(),
              [](const LockedPackage& a, const LockedPackage& b) { return a.name < b.name; });
    std::sort(lock.wheels.begin(), lock.wheels.end(),
              [](const LockedWheel& a, const LockedWheel& b) { return a.name < b.name; });
    lock.is_ordered = false;
    lock.variables = std::move(variables);
    return lock;
  });
}

EnvOptions options_of(const spec::Env& env) {
  return spec::at_declaration(env, [&] {
    EnvOptions options;
    check_prefix(env.prefix);
    options.prefix = env.prefix;
    options.compression = squashfs::parse_compression(env.compression);
    options.link_scripts = env.link_scripts;
    return options;
  });
}

spec::EnvIdentity identify(const spec::Env& env) {
  const EnvLock lock = locked_packages(env);
  const EnvOptions options = options_of(env);
  spec::SignatureText text;
  text.add("cntr-env", kFormat);
  text.add("platform", lock.platform);
  text.add("prefix", quote(options.prefix));
  text.add("link-scripts", word_of(options.link_scripts));
  for (const LockedPackage& package : lock.packages) add_package(package, text);
  for (const LockedWheel& wheel : lock.wheels) {
    if (!wheel.sha256) {
      throw user_error_at(wheel.where, "The lock has no SHA-256 sum for the wheel " + wheel.name);
    }
    text.add(wheel.is_source ? "source" : "wheel", file_name_of(wheel).file, wheel.sha256->text());
    const std::string subdirectory = subdirectory_of(wheel.url, wheel.where);
    if (!subdirectory.empty()) text.add("subdirectory", subdirectory);
  }
  for (const spec::Variable& variable : lock.variables) {
    text.add("variable", variable.name, quote(variable.value));
  }
  return {text.digest(), options.prefix};
}

std::string image_path(const spec::Env& env, const spec::EnvIdentity& identity,
                       const store::Cache& cache) {
  std::string name =
      identity.identity.hex() + "-" + squashfs::compression_text(options_of(env).compression);
  std::replace(name.begin(), name.end(), ':', '-');
  return cache.envs_directory() + "/" + name + ".squashfs";
}

std::string built_image(const spec::Env& env, const spec::EnvIdentity& identity,
                        const store::Cache& cache, const WarningSink& warn,
                        const EnvProgress& progress) {
  const std::string image = image_path(env, identity, cache);
  if (is_whole(image)) return image;
  const FileLock lock(image + ".lock", [&] {
    warn("environment " + env.name + " is being built by another process; waiting for it");
  });
  if (is_whole(image)) return image;
  if (exists(image)) {
    warn("the file of environment " + env.name + " in the cache is damaged; it is built anew");
  }
  if (identify(env) != identity) {
    throw user_error_at(env.location,
                        "Environment " + env.name + ": its lock changed since it was looked at",
                        {"Build again."});
  }
  const Workshop workshop(cache.scratch_directory() + "/env-" + base_name(image));
  const std::string draft = workshop.path() + "/image";
  spec::at_declaration(env, [&] {
    build_image(env, locked_packages(env), workshop.path(), draft, cache, warn, progress);
  });
  if (chmod(draft.c_str(), store::sharing_of(parent_path(image)).file) != 0) {
    throw system_error("Cannot set the permissions of " + draft, errno);
  }
  rename_path(draft, image);
  return image;
}

}  // namespace cntr::env
