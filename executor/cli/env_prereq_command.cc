#include <algorithm>
#include <memory>

#include "base/json.h"
#include "cli/env_commands.h"
#include "cli/session.h"
#include "mount/mount.h"

namespace cntr::cli {
namespace {

std::string trials_as_text(const std::vector<mount::Trial>& trials) {
  std::string out;
  for (const mount::Trial& trial : trials) {
    std::string name(name_of(trial.way));
    name.resize(std::max<size_t>(name.size() + 1, 16), ' ');
    out += (trial.usable ? "ok      " : "not ok  ") + name + trial.version + "\n";
    if (!trial.reason.empty()) out += "          " + trial.reason + "\n";
    if (!trial.fix.empty()) out += "          " + trial.fix + "\n";
  }
  return out;
}

std::string trials_as_json(const std::vector<mount::Trial>& trials) {
  JsonWriter out;
  out.begin_array();
  for (const mount::Trial& trial : trials) {
    out.begin_object();
    out.key("way").value(name_of(trial.way));
    out.key("usable").value(trial.usable);
    out.key("version").value(trial.version);
    out.key("reason").value(trial.reason);
    out.key("fix").value(trial.fix);
    out.end_object();
  }
  out.end_array();
  return out.text() + "\n";
}

// Succeeds when an environment can be mounted here.
int look_at_prerequisites(bool json) {
  const std::vector<mount::Trial> trials = mount::Mounts().try_ways();
  print(json ? trials_as_json(trials) : trials_as_text(trials));
  const bool usable = std::any_of(trials.begin(), trials.end(),
                                  [](const mount::Trial& trial) { return trial.usable; });
  if (usable) return kSuccess;
  print_error("cntr: no environment can be mounted here\n");
  return kEnvironmentError;
}

}  // namespace

void add_env_prereq_command(CLI::App& env, Action& action) {
  // Not in the list, which fits a screen: `cntr doctor` says it too.
  CLI::App* const prereq =
      env.add_subcommand("prereq", "Say in which ways environments can be mounted here")->group("");
  const auto json = std::make_shared<bool>(false);
  prereq->add_flag("--json", *json, "For programs");
  prereq->footer(
      "Each way is really tried. Exits with 0 when one of them works, else with 3.\n"
      "The variable CNTR_MOUNT_WITH chooses some of them, or none.");
  prereq->callback([&action, json] { action = [json] { return look_at_prerequisites(*json); }; });
}

}  // namespace cntr::cli
