#include <algorithm>
#include <memory>

#include "base/json.h"
#include "cli/command.h"
#include "cli/session.h"
#include "mount/mount.h"
#include "runner/gpus.h"
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
  std::vector<std::string> auto_for;  // what RUNNER auto takes this runner for: "image", "host"
};

// All runners, in the order of RUNNER auto: for each kind of step the first that works is marked.
std::vector<Finding> examine_runners() {
  std::vector<Finding> findings;
  bool has_image_runner = false;
  bool has_host_runner = false;
  for (const runner::Kind kind : spec::kAllRunners) {
    const runner::Runner& runner = runner::runner_of(kind);
    const runner::Availability found = runner.probe();
    Finding finding = {
        std::string(name_of(kind)), found.usable, found.version, found.reason, found.fix, {}};
    const auto mark = [&](bool can_run, const char* what, bool& has_one) {
      if (!found.usable || !can_run || has_one) return;
      finding.auto_for.emplace_back(what);
      has_one = true;
    };
    mark(runner.runs_images(), "image", has_image_runner);
    mark(runner.runs_host_steps(), "host", has_host_runner);
    findings.push_back(std::move(finding));
  }
  return findings;
}

Finding examine_gpus() {
  const size_t count = runner::gpu_files().gpus.size();
  return {"gpus", true, std::to_string(count) + (count == 1 ? " GPU" : " GPUs"), "", "", {}};
}

const Finding* taken_for(const std::vector<Finding>& findings, const std::string& what) {
  for (const Finding& finding : findings) {
    if (std::find(finding.auto_for.begin(), finding.auto_for.end(), what) !=
        finding.auto_for.end()) {
      return &finding;
    }
  }
  return nullptr;
}

std::string choice_as_text(const std::vector<Finding>& findings) {
  const auto name = [&](const char* what) {
    const Finding* const taken = taken_for(findings, what);
    return taken ? taken->component : "no runner";
  };
  return "RUNNER auto takes " + name("image") + " for steps with an image, and " + name("host") +
         " for steps on the host.\n";
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
    out.key("auto_for").begin_array();
    for (const std::string& what : finding.auto_for) out.value(what);
    out.end_array();
    out.end_object();
  }
  out.end_array();
  return out.text() + "\n";
}

// Succeeds when a step in an image can run here.
int run_doctor(bool json) {
  std::vector<Finding> findings = examine_runners();
  if (!runner::gpu_files().gpus.empty()) findings.push_back(examine_gpus());
  findings.push_back(examine_cache());
  findings.push_back(examine_mounts());
  print(json ? findings_as_json(findings) : findings_as_text(findings) + choice_as_text(findings));
  if (taken_for(findings, "image")) return kSuccess;
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
