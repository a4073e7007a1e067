#include <map>
#include <memory>
#include <optional>

#include "base/error.h"
#include "base/file_system.h"
#include "base/json_reader.h"
#include "base/text.h"
#include "build/shown_env.h"
#include "cli/env_commands.h"
#include "cli/env_progress.h"
#include "cli/session.h"
#include "env/environment.h"
#include "env/installed_wheels.h"
#include "env/project.h"

namespace cntr::cli {
namespace {

// --- diff -------------------------------------------------------------------------------------

struct DiffOptions {
  std::string before;
  std::string after;
  std::string directory = ".";
};

// The packages of a lock, or of a directory that has one, or of an environment of the project.
env::EnvLock packages_of(const std::string& name, const std::string& directory) {
  const std::string path = normal_path(name, current_directory());
  if (name.find('/') == std::string::npos && !exists(path)) {
    return env::locked_packages(find_env({name, directory, ""}).env);
  }
  const auto stat = stat_file(path);
  if (stat && stat->kind == FileKind::kDirectory) return env::locked_packages(env::env_at(path));
  spec::Env env;
  env.name = name;
  env.lock = path;
  return env::locked_packages(env);
}

std::string text_of(const env::LockedPackage& package) {
  return package.version + " " + package.build;
}
std::string text_of(const env::LockedWheel& wheel) {
  return wheel.version + (wheel.is_source ? " source" : " wheel");
}

bool is_same_file(const env::LockedPackage& a, const env::LockedPackage& b) {
  if (a.sha256 && b.sha256) return *a.sha256 == *b.sha256;
  return a.md5 == b.md5;
}
bool is_same_file(const env::LockedWheel& a, const env::LockedWheel& b) {
  return a.sha256 == b.sha256;
}

// Of conda's packages, or of pip's: one of each may have the same name.
template <typename Locked>
struct Pair {
  const Locked* before = nullptr;
  const Locked* after = nullptr;
};

template <typename Locked>
std::string difference_text(const std::string& name, const Pair<Locked>& pair) {
  if (pair.after == nullptr) return "- " + name + " " + text_of(*pair.before) + "\n";
  if (pair.before == nullptr) return "+ " + name + " " + text_of(*pair.after) + "\n";
  const std::string before = text_of(*pair.before);
  const std::string after = text_of(*pair.after);
  if (before != after) return "~ " + name + " " + before + " -> " + after + "\n";
  if (is_same_file(*pair.before, *pair.after)) return "";
  return "~ " + name + " " + before + ": another file\n";
}

template <typename Locked>
std::string differences(const std::vector<Locked>& before, const std::vector<Locked>& after) {
  std::map<std::string, Pair<Locked>> pairs;
  for (const Locked& package : before) pairs[package.name].before = &package;
  for (const Locked& package : after) pairs[package.name].after = &package;
  std::string out;
  for (const auto& [name, pair] : pairs) out += difference_text(name, pair);
  return out;
}

int print_difference(const DiffOptions& options) {
  const env::EnvLock before = packages_of(options.before, options.directory);
  const env::EnvLock after = packages_of(options.after, options.directory);
  print(differences(before.packages, after.packages) + differences(before.wheels, after.wheels));
  return kSuccess;
}

void add_diff_command(CLI::App& env, Action& action) {
  CLI::App* const diff =
      env.add_subcommand("diff", "Say in which packages two environments differ");
  const auto options = std::make_shared<DiffOptions>();
  diff->add_option("before", options->before, "One of the project, a lock, or its directory")
      ->required();
  diff->add_option("after", options->after, "The same")->required();
  diff->add_option("-C,--build", options->directory, "The build directory")->capture_default_str();
  diff->footer(
      "A line for each package: - it is gone, + it is new, ~ it is another one;\n"
      "those of conda, then those of pip.\n"
      "Example: git show HEAD:tools.lock >old.lock && cntr env diff ./old.lock tools");
  diff->callback([&action, options] { action = [options] { return print_difference(*options); }; });
}

// --- verify -----------------------------------------------------------------------------------

// What of an environment is not as its packages' records say.
class Verification {
 public:
  explicit Verification(std::string directory) : directory_(std::move(directory)) {}

  void run(EnvProgressLine& line) {
    const std::string records = directory_ + "/conda-meta";
    std::vector<std::string> names = list_directory(records);
    std::erase_if(names, [](const std::string& name) { return !name.ends_with(".json"); });
    for (const std::string& name : names) {
      line.show("Verifying packages", packages_, names.size());
      ++packages_;
      const JsonNode record = JsonNode::parse(read_file(records + "/" + name), name);
      for (const JsonNode& path : record.at("paths_data").at("paths").elements()) check(path);
    }
    check_wheels();
  }

  std::string report() const {
    if (!problems_.empty()) return join(problems_, "\n") + "\n";
    const std::string wheels = wheels_ == 0 ? "" : " and " + counted(wheels_, "wheel");
    return counted(files_, "file") + " of " + counted(packages_, "package") + wheels +
           ": all as the packages say.\n";
  }
  bool is_sound() const { return problems_.empty(); }

 private:
  void check(const JsonNode& entry) {
    const std::string path = entry.at("_path").text();
    const auto stat = stat_link(directory_ + "/" + path);
    if (!stat) {
      problems_.push_back(quote(path) + " is not there");
      return;
    }
    if (stat->kind != FileKind::kRegular || !entry.find("sha256_in_prefix")) return;
    ++files_;
    const std::string digest = digest_of_file(directory_ + "/" + path).hex();
    // A file that the prefix does not change has the sum that its package was made with.
    const bool is_original = entry.find("sha256") && !entry.find("prefix_placeholder");
    if (digest != entry.at("sha256_in_prefix").text() ||
        (is_original && digest != entry.at("sha256").text())) {
      problems_.push_back(quote(path) + " is not the file of its package");
    }
  }

  void check_wheels() {
    try {
      for (const env::InstalledWheel& wheel : env::installed_wheels(directory_)) {
        ++wheels_;
        for (const env::RecordedWheelFile& file : wheel.files) check(file);
      }
    } catch (const Error& error) {
      problems_.push_back(error.message());
    }
  }

  void check(const env::RecordedWheelFile& file) {
    const auto stat = stat_link(directory_ + "/" + file.path);
    if (!stat) {
      problems_.push_back(quote(file.path) + " is not there");
      return;
    }
    ++files_;
    if (stat->kind != FileKind::kRegular ||
        digest_of_file(directory_ + "/" + file.path) != file.digest) {
      problems_.push_back(quote(file.path) + " is not the file of its wheel");
    }
  }

  std::string directory_;
  uint64_t packages_ = 0;
  uint64_t wheels_ = 0;
  uint64_t files_ = 0;
  std::vector<std::string> problems_;
};

int verify_env(const EnvChoice& choice) {
  const FoundEnv found = find_env(choice);
  store::Cache cache(store::Cache::default_root(), warnings());
  const HostEnv host = host_env_of(found, cache);
  const build::ShownEnv shown = build::show_env(found.env, host.image, cache, warnings());
  Verification verification(shown.path());
  {
    EnvProgressLine line;
    verification.run(line);
  }
  print(verification.report());
  return verification.is_sound() ? kSuccess : kEnvironmentError;
}

void add_verify_command(CLI::App& env, Action& action) {
  CLI::App* const verify =
      env.add_subcommand("verify", "Check every file against its package's sums");
  const auto choice = std::make_shared<EnvChoice>();
  add_env_choice(*verify, *choice);
  verify->footer("Exits with 0 when all are as the packages say, else with 3.");
  verify->callback([&action, choice] { action = [choice] { return verify_env(*choice); }; });
}

}  // namespace

void add_env_package_commands(CLI::App& env, Action& action) {
  add_diff_command(env, action);
  add_verify_command(env, action);
}

}  // namespace cntr::cli
