#include <sys/stat.h>

#include <cerrno>
#include <memory>

#include "base/error.h"
#include "base/file_system.h"
#include "base/json.h"
#include "base/json_reader.h"
#include "base/text.h"
#include "cli/env_commands.h"
#include "cli/session.h"
#include "env/environment.h"
#include "image/artifact.h"
#include "store/sharing.h"

namespace cntr::cli {
namespace {

struct RegistryOptions {
  EnvChoice choice;
  std::string reference;
};

image::ArtifactKind env_artifact() {
  return {"application/vnd.cntr.env.config.v1+json", "application/vnd.cntr.env.v1.squashfs",
          "conda environment"};
}

// What an environment must be to stand for the one of the project: that of the same lock, options
// and prefix, which are all in the identity, and the same compression, which its name has.
std::string config_of_env(const FoundEnv& found, const std::string& image) {
  JsonWriter out;
  out.begin_object();
  out.key("environment").value(base_name(image));
  out.key("name").value(found.env.name);
  out.key("prefix").value(found.env.prefix);
  out.end_object();
  return out.text();
}

int push_env(const RegistryOptions& options) {
  const image::Reference to = image::parse_reference(options.reference);
  const FoundEnv found = find_env(options.choice);
  store::Cache cache(store::Cache::default_root(), warnings());
  const HostEnv host = host_env_of(found, cache);
  const Digest manifest =
      image::push_artifact(env_artifact(), config_of_env(found, host.image), host.image, to, cache);
  print(to.text() + " " + manifest.text() + "\n");
  return kSuccess;
}

int pull_env(const RegistryOptions& options) {
  const image::Reference from = image::parse_reference(options.reference);
  const FoundEnv found = find_env(options.choice);
  store::Cache cache(store::Cache::default_root(), warnings());
  const std::string image = env::image_path(found.env, identity_of(found), cache);
  const TemporaryDirectory place(cache.scratch_directory(), "pull-");
  const image::PulledArtifact pulled =
      image::pull_artifact(env_artifact(), from, place.path() + "/env");
  const JsonNode config = JsonNode::parse(pulled.config, from.text());
  if (config.at("environment").text() != base_name(image)) {
    throw user_error(
        from.text() + " is not the environment " + found.env.name + " of " + found.env.lock,
        {"Its prefix is " + printable(config.at("prefix").text()) + ", and that of the project " +
         found.env.prefix + ". The lock and the options must be the same as well."});
  }
  if (chmod(pulled.file.c_str(), store::sharing_of(parent_path(image)).file) != 0) {
    throw system_error("Cannot set the permissions of " + pulled.file, errno);
  }
  rename_path(pulled.file, image);
  print(found.env.name + " " + pulled.manifest.text() + "\n");
  return kSuccess;
}

CLI::App* add_registry_command(CLI::App& env, Action& action, const std::string& name,
                               const std::string& description,
                               int (*work)(const RegistryOptions&)) {
  CLI::App* const command = env.add_subcommand(name, description);
  const auto options = std::make_shared<RegistryOptions>();
  add_env_choice(*command, options->choice);
  command->add_option("reference", options->reference, "<host>/<name>:<tag>")->required();
  command->callback(
      [&action, options, work] { action = [options, work] { return work(*options); }; });
  return command;
}

}  // namespace

void add_env_registry_commands(CLI::App& env, Action& action) {
  add_registry_command(env, action, "push", "Push an environment to a registry", push_env)
      ->footer("It is built when it is not. Prints the reference and its digest.");
  add_registry_command(env, action, "pull", "Fetch an environment instead of building it", pull_env)
      ->footer(
          "It must be the one that the lock means. Who may write to the registry decides\n"
          "what is in it; name it as <host>/<name>@sha256:<digest> to decide yourself.");
}

}  // namespace cntr::cli
