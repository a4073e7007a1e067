#include <memory>

#include "base/json.h"
#include "cli/command.h"
#include "cli/session.h"
#include "mount/mount.h"
#include "runner/runner.h"

namespace cntr::cli {
namespace {

// One line of the report.
struct Finding {
  std::string component;
  bool usable = false;
  std::string version;
  std::string reason;
  std::string fix;
};

Finding examine(runner::Kind kind) {
  const runner::Availability found = runner::runner_of(kind).probe();
  return {std::string(name_of(kind)), found.usable, found.version, found.reason, found.fix};
}

Finding examine_cache() {
  Finding finding;
  finding.component = "cache";
  std::string trouble;
  const std::string root = store::Cache::default_root();
  store::Cache cache(root, [&](const std::string& sentence) { trouble = sentence; });
  finding.usable = trouble.empty();
  finding.version = root;
  if (!trouble.empty()) {
    finding.reason = trouble;
    finding.fix = "Set CNTR_CACHE_DIR to a directory that you may write.";
  }
  return finding;
}

// The best way that works, and what would allow a better one.
Finding examine_mounts() {
  Finding finding;
  finding.component = "squashfs";
  for (const mount::Trial& trial : mount::Mounts().try_ways()) {
    if (trial.usable) {
      finding.usable = true;
      finding.version = std::string(name_of(trial.way)) + " " + trial.version;
      break;
    }
    if (trial.fix.empty()) continue;
    finding.reason = "Mounting squashfs files: " + trial.reason;
    finding.fix = trial.fix;
  }
  if (!finding.usable && finding.reason.empty()) finding.reason = "Squashfs files are not mounted.";
  return finding;
}

std::string findings_as_text(const std::vector<Finding>& findings) {
  std::string out;
  for (const Finding& finding : findings) {
    std::string name = finding.component;
    name.resize(12, ' ');
    out += (finding.usable ? "ok      " : "not ok  ") + name + finding.version + "\n";
    if (!finding.reason.empty()) out += "          " + finding.reason + "\n";
    if (!finding.fix.empty()) out += "          " + finding.fix + "\n";
  }
  return out;
}

std::string findings_as_json(const std::vector<Finding>& findings) {
  JsonWriter out;
  out.begin_array();
  for (const Finding& finding : findings) {
    out.begin_object();
    out.key("component").value(finding.component);
    out.key("usable").value(finding.usable);
    out.key("version").value(finding.version);
    out.key("reason").value(finding.reason);
    out.key("fix").value(finding.fix);
    out.end_object();
  }
  out.end_array();
  return out.text() + "\n";
}

// Succeeds when a step in an image can run here.
int run_doctor(bool json) {
  std::vector<Finding> findings;
  bool runs_images = false;
  for (const runner::Kind kind : runner::kAllKinds) {
    findings.push_back(examine(kind));
    if (kind != runner::Kind::kHost) runs_images = runs_images || findings.back().usable;
  }
  findings.push_back(examine_cache());
  findings.push_back(examine_mounts());
  print(json ? findings_as_json(findings) : findings_as_text(findings));
  if (runs_images) return kSuccess;
  print_error("cntr: no runner for images works here\n");
  return kEnvironmentError;
}

}  // namespace

void add_doctor_command(CLI::App& app, Action& action) {
  CLI::App* const command =
      app.add_subcommand("doctor", "Say which runners work here, what others need");
  const auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "For programs");
  command->footer("Exits with 0 when a step in an image can run here, else with 3.");
  command->callback([&action, json] { action = [json] { return run_doctor(*json); }; });
}

}  // namespace cntr::cli
