#include <memory>
#include <optional>

#include "base/error.h"
#include "base/file_system.h"
#include "base/json.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/env_commands.h"
#include "cli/session.h"
#include "env/environment.h"
#include "mount/mount.h"

namespace cntr::cli {
namespace {

struct EnvReport {
  std::string name;
  std::string lock;
  std::string prefix;
  std::string trouble;  // why the lock cannot be used; the rest is empty then
  Digest identity;
  size_t packages = 0;
  std::string image;              // where its file in the cache is, or would be
  std::optional<uint64_t> bytes;  // of the file; nullopt when it is not built
  bool is_mounted = false;        // at the prefix
  std::vector<mount::Holder> holders;
};

EnvReport report_on(const FoundEnv& found, const store::Cache& cache) {
  EnvReport report;
  report.name = found.env.name;
  report.lock = found.env.lock;
  report.prefix = found.env.prefix;
  try {
    const spec::EnvIdentity identity = env::identify(found.env);
    report.identity = identity.identity;
    report.packages = env::locked_packages(found.env).packages.size();
    report.image = env::image_path(found.env, identity, cache);
    if (const auto stat = stat_file(report.image)) report.bytes = stat->size;
    report.is_mounted = mount::is_mounted(report.prefix);
    if (report.is_mounted) report.holders = mount::Mounts().holders(report.prefix);
  } catch (const Error& error) {
    report.trouble = error.what();
  }
  return report;
}

std::string reports_as_json(const std::vector<EnvReport>& reports) {
  JsonWriter out;
  out.begin_array();
  for (const EnvReport& report : reports) {
    out.begin_object();
    out.key("name").value(report.name);
    out.key("lock").value(report.lock);
    out.key("prefix").value(report.prefix);
    if (report.trouble.empty()) {
      out.key("identity").value(report.identity.text());
      out.key("packages").value(static_cast<uint64_t>(report.packages));
      out.key("image").value(report.image);
      out.key("built").value(report.bytes.has_value());
      if (report.bytes) out.key("bytes").value(*report.bytes);
      out.key("mounted").value(report.is_mounted);
      out.key("holders").begin_array();
      for (const mount::Holder& holder : report.holders) {
        out.begin_object();
        out.key("pid").value(static_cast<int64_t>(holder.pid));
        out.key("command").value(holder.command);
        out.end_object();
      }
      out.end_array();
    } else {
      out.key("error").value(report.trouble);
    }
    out.end_object();
  }
  out.end_array();
  return out.text() + "\n";
}

std::string built_text(const EnvReport& report) {
  return report.bytes ? format_bytes(*report.bytes) : "not built";
}

std::string mounted_text(const EnvReport& report) {
  if (!report.is_mounted) return "no";
  return report.holders.empty() ? "yes, unused" : "yes, used by " + holders_text(report.holders);
}

std::string list_as_text(const std::vector<EnvReport>& reports) {
  std::string out;
  for (const EnvReport& report : reports) {
    out += report.name + ": ";
    out += report.trouble.empty()
               ? std::to_string(report.packages) + " packages at " + report.prefix + ", " +
                     built_text(report) + (report.is_mounted ? ", mounted" : "")
               : report.trouble;
    out += "\n";
  }
  return out;
}

std::string status_as_text(const EnvReport& report) {
  std::string out = "Environment  " + report.name + "\nLock         " + report.lock +
                    "\nPrefix       " + report.prefix + "\n";
  if (!report.trouble.empty()) return out + "Error        " + report.trouble + "\n";
  return out + "Packages     " + std::to_string(report.packages) + "\nIdentity     " +
         report.identity.text() + "\nFile         " + report.image + ", " + built_text(report) +
         "\nMounted      " + mounted_text(report) + "\n";
}

int list_envs(const EnvChoice& choice, bool json) {
  const store::Cache cache(store::Cache::default_root(), warnings());
  std::vector<EnvReport> reports;
  for (const FoundEnv& found : envs_of_project(choice)) reports.push_back(report_on(found, cache));
  print(json ? reports_as_json(reports) : list_as_text(reports));
  return kSuccess;
}

int show_status(const EnvChoice& choice, bool json) {
  const store::Cache cache(store::Cache::default_root(), warnings());
  const EnvReport report = report_on(find_env(choice), cache);
  print(json ? reports_as_json({report}) : status_as_text(report));
  return report.trouble.empty() ? kSuccess : kUserError;
}

}  // namespace

void add_env_list_commands(CLI::App& env, Action& action) {
  struct Options {
    EnvChoice choice;
    bool json = false;
  };
  CLI::App* const list = env.add_subcommand("list", "List the environments of the project");
  const auto listed = std::make_shared<Options>();
  add_project_choice(*list, listed->choice);
  list->add_flag("--json", listed->json, "For programs");
  list->callback(
      [&action, listed] { action = [listed] { return list_envs(listed->choice, listed->json); }; });

  CLI::App* const status =
      env.add_subcommand("status", "Say whether it is built, mounted, and in use");
  const auto shown = std::make_shared<Options>();
  add_env_choice(*status, shown->choice);
  status->add_flag("--json", shown->json, "For programs");
  status->callback(
      [&action, shown] { action = [shown] { return show_status(shown->choice, shown->json); }; });
}

}  // namespace cntr::cli
