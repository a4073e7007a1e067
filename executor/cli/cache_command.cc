#include <memory>

#include "base/json.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/session.h"

namespace cntr::cli {
namespace {

std::string status_as_text(const store::CacheStatus& status) {
  return "Cache    " + status.root + "\nActions  " + std::to_string(status.actions) +
         "\nBlobs    " + std::to_string(status.blobs) + ", " + format_bytes(status.blob_bytes) +
         "\nImages   " + std::to_string(status.images) + ", " + format_bytes(status.image_bytes) +
         "\nEnvs     " + std::to_string(status.envs) + ", " + format_bytes(status.env_bytes) + "\n";
}

std::string status_as_json(const store::CacheStatus& status) {
  JsonWriter out;
  out.begin_object();
  out.key("root").value(status.root);
  out.key("actions").value(status.actions);
  out.key("blobs").value(status.blobs);
  out.key("blob_bytes").value(status.blob_bytes);
  out.key("images").value(status.images);
  out.key("image_bytes").value(status.image_bytes);
  out.key("envs").value(status.envs);
  out.key("env_bytes").value(status.env_bytes);
  out.end_object();
  return out.text() + "\n";
}

int verify_cache() {
  store::Cache cache(store::Cache::default_root(), warnings());
  const std::vector<store::CacheProblem> problems = cache.verify();
  for (const store::CacheProblem& problem : problems) print(problem.what + "\n");
  if (problems.empty()) print("The cache is sound.\n");
  return problems.empty() ? kSuccess : kEnvironmentError;
}

int clear_cache() {
  store::Cache cache(store::Cache::default_root(), warnings());
  cache.clear();
  return kSuccess;
}

int print_status(bool json) {
  store::Cache cache(store::Cache::default_root(), warnings());
  const store::CacheStatus status = cache.status();
  print(json ? status_as_json(status) : status_as_text(status));
  return kSuccess;
}

}  // namespace

void add_cache_command(CLI::App& app, Action& action) {
  CLI::App* const command = app.add_subcommand("cache", "The cache of results and images");
  command->require_subcommand(1);
  command->footer("It lies in CNTR_CACHE_DIR, else in $XDG_CACHE_HOME/cntr or ~/.cache/cntr.");

  CLI::App* const status = command->add_subcommand("status", "What is in it");
  const auto json = std::make_shared<bool>(false);
  status->add_flag("--json", *json, "For programs");
  status->callback([&action, json] { action = [json] { return print_status(*json); }; });

  CLI::App* const clear =
      command->add_subcommand("clear", "Empty it, but for what other processes are using");
  clear->callback([&action] { action = clear_cache; });

  CLI::App* const verify = command->add_subcommand("verify", "Check every blob and every action");
  verify->callback([&action] { action = verify_cache; });
}

}  // namespace cntr::cli
