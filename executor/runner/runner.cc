#include "runner/runner.h"

#include <algorithm>
#include <atomic>

#include "base/error.h"
#include "base/text.h"
#include "runner/apptainer.h"
#include "runner/bubblewrap.h"
#include "runner/docker.h"
#include "runner/host.h"
#include "runner/podman.h"

namespace cntr::runner {
namespace {

bool can_run(const Runner& runner, const Demand& demand) {
  return demand.image ? runner.runs_images() : runner.runs_host_steps();
}

std::string names_of_those_who_can(const Demand& demand) {
  std::vector<std::string> names;
  for (const Kind kind : spec::kAllRunners) {
    if (can_run(runner_of(kind), demand)) names.emplace_back(name_of(kind));
  }
  return join(names, ", ") + " or auto";
}

void warn_of_host(const WarningSink& warn, const std::vector<Rejection>& rejected) {
  static std::atomic<bool> warned = false;
  if (warned.exchange(true)) return;
  std::string reasons;
  for (const Rejection& rejection : rejected) {
    reasons += (reasons.empty() ? "" : "; ") + std::string(name_of(rejection.kind)) +
               " cannot be used here: " + rejection.reason;
  }
  warn("host steps run without isolation, because " + reasons);
}

Error none_is_left(const std::vector<Rejection>& rejected) {
  std::vector<std::string> notes;
  for (const Rejection& rejection : rejected) {
    notes.push_back(std::string(name_of(rejection.kind)) + ": " + rejection.reason + "." +
                    (rejection.fix.empty() ? "" : " " + rejection.fix));
  }
  return environment_error("no runner for images can be used here", notes);
}

Error unusable(Kind kind, const Availability& availability) {
  return environment_error(
      "the runner " + std::string(name_of(kind)) + " cannot be used here: " + availability.reason,
      {availability.fix});
}

Kind explicit_choice(const Demand& demand) {
  const Runner& runner = runner_of(*demand.runner);
  const std::string name(name_of(*demand.runner));
  if (!can_run(runner, demand)) {
    throw user_error(demand.image ? "the runner " + name + " cannot run images"
                                  : "the runner " + name + " needs an image",
                     {"For a step " + std::string(demand.image ? "with an image" : "on the host") +
                      " choose " + names_of_those_who_can(demand) + "."});
  }
  const Availability availability = runner.quick_look();
  if (!availability.usable) throw unusable(*demand.runner, availability);
  return *demand.runner;
}

}  // namespace

const Runner& runner_of(Kind kind) {
  switch (kind) {
    case Kind::kBubblewrap:
      return bubblewrap_runner();
    case Kind::kPodman:
      return podman_runner();
    case Kind::kApptainer:
      return apptainer_runner();
    case Kind::kSingularity:
      return singularity_runner();
    case Kind::kDocker:
      return docker_runner();
    case Kind::kHost:
      return host_runner();
  }
  throw internal_error("an unknown kind of runner");
}

Kind choose(const Demand& demand, const std::vector<Rejection>& rejected, const WarningSink& warn) {
  if (demand.runner) return explicit_choice(demand);
  std::vector<Rejection> reasons;
  for (const Kind kind : spec::kAllRunners) {
    const Runner& runner = runner_of(kind);
    if (!can_run(runner, demand)) continue;
    const auto before = std::find_if(rejected.begin(), rejected.end(),
                                     [&](const Rejection& r) { return r.kind == kind; });
    if (before != rejected.end()) {
      reasons.push_back(*before);
      continue;
    }
    const Availability availability = runner.quick_look();
    if (availability.usable) {
      if (kind == Kind::kHost) warn_of_host(warn, reasons);
      return kind;
    }
    reasons.push_back({kind, availability.reason, availability.fix});
  }
  throw none_is_left(reasons);
}

Rejection examine_failure(const Demand& demand, Kind failed, const std::string& reason) {
  const Availability availability = runner_of(failed).probe();
  if (availability.usable) {
    throw environment_error(std::string(name_of(failed)) + " could not start the step: " + reason);
  }
  if (demand.runner) throw unusable(failed, availability);
  return {failed, availability.reason, availability.fix};
}

}  // namespace cntr::runner
