#include <algorithm>
#include <memory>

#include "base/text.h"
#include "cli/env_commands.h"
#include "cli/session.h"
#include "env/conda_meta.h"
#include "env/environment.h"
#include "env/pin.h"

namespace cntr::cli {
namespace {

// CEP 23.
std::string as_explicit_list(const env::EnvLock& lock) {
  std::string out = "# platform: " + lock.platform + "\n@EXPLICIT\n";
  for (const env::LockedPackage& package : lock.packages) {
    out += env::public_url(package.url) + "#" +
           (package.sha256 ? package.sha256->text() : package.md5) + "\n";
  }
  for (const env::LockedWheel& wheel : lock.wheels) out += env::line_of(wheel);
  return out;
}

// CEP 24.
std::string as_environment_file(const std::string& name, const env::EnvLock& lock) {
  std::vector<std::string> channels;
  for (const env::LockedPackage& package : lock.packages) {
    const std::string channel = env::public_url(package.channel);
    if (std::find(channels.begin(), channels.end(), channel) == channels.end()) {
      channels.push_back(channel);
    }
  }
  std::string out = "name: " + name + "\nchannels:\n";
  for (const std::string& channel : channels) out += "  - " + quote(channel) + "\n";
  out += "  - nodefaults\ndependencies:\n";
  for (const env::LockedPackage& package : lock.packages) {
    out += "  - " + package.name + "=" + package.version + "=" + package.build + "\n";
  }
  if (!lock.wheels.empty()) out += "  - pip:\n";
  for (const env::LockedWheel& wheel : lock.wheels) {
    out += "      - " + wheel.name + "==" + wheel.version + "\n";
  }
  if (!lock.variables.empty()) out += "variables:\n";
  for (const spec::Variable& variable : lock.variables) {
    out += "  " + variable.name + ": " + quote(variable.value) + "\n";
  }
  return out;
}

}  // namespace

void add_env_export_command(CLI::App& env, Action& action) {
  struct Options {
    EnvChoice choice;
    std::string format = "explicit";
  };
  CLI::App* const command =
      env.add_subcommand("export", "Print an environment's packages for other tools");
  const auto options = std::make_shared<Options>();
  add_env_choice(*command, options->choice);
  command->add_option("--format", options->format, "explicit or environment.yml")
      ->check(CLI::IsMember({"explicit", "environment.yml"}))
      ->capture_default_str();
  command->footer("Example: cntr env export -d . --format environment.yml");
  command->callback([&action, options] {
    action = [options] {
      const FoundEnv found = find_env(options->choice);
      const env::EnvLock lock = env::locked_packages(found.env);
      print(options->format == "explicit" ? as_explicit_list(lock)
                                          : as_environment_file(found.env.name, lock));
      return kSuccess;
    };
  });
}

}  // namespace cntr::cli
