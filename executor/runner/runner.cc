#include "runner/runner.h"

#include <atomic>
#include <optional>

#include "base/error.h"
#include "runner/bubblewrap.h"
#include "runner/docker.h"
#include "runner/host.h"

namespace cntr::runner {
namespace {

std::optional<Kind> explicit_kind(spec::RunnerChoice choice) {
  switch (choice) {
    case spec::RunnerChoice::kAuto:
      return std::nullopt;
    case spec::RunnerChoice::kBubblewrap:
      return Kind::kBubblewrap;
    case spec::RunnerChoice::kDocker:
      return Kind::kDocker;
    case spec::RunnerChoice::kHost:
      return Kind::kHost;
  }
  throw internal_error("an unknown choice of runner");
}

bool on_path(const char* program) { return find_program(program, search_path()).has_value(); }

std::string sentence(const std::string& reason) { return reason + "."; }

// Without starting anything: whether there is a reason not to try.
Availability quick_look(Kind kind) {
  switch (kind) {
    case Kind::kBubblewrap:
      if (on_path("bwrap")) return user_namespaces();
      break;
    case Kind::kDocker:
      if (on_path("docker")) return {true, "", "", ""};
      break;
    case Kind::kHost:
      return {true, "", "", ""};
  }
  return runner_of(kind).probe();  // the program is missing: it says so
}

void warn_of_host(const WarningSink& warn, const std::string& reason) {
  static std::atomic<bool> warned = false;
  if (warned.exchange(true)) return;
  warn("host steps run without isolation, because bubblewrap cannot be used here: " + reason);
}

// What follows bubblewrap, which cannot be used for this reason.
Kind second_choice(bool with_image, const Availability& bubblewrap, const WarningSink& warn) {
  if (!with_image) {
    warn_of_host(warn, bubblewrap.reason);
    return Kind::kHost;
  }
  const Availability docker = quick_look(Kind::kDocker);
  if (docker.usable) return Kind::kDocker;
  throw environment_error("no runner for images can be used here",
                          {"bubblewrap: " + sentence(bubblewrap.reason) + " " + bubblewrap.fix,
                           "docker: " + sentence(docker.reason) + " " + docker.fix});
}

Error unusable(Kind kind, const Availability& availability) {
  return environment_error(
      "the runner " + std::string(name_of(kind)) + " cannot be used here: " + availability.reason,
      {availability.fix});
}

}  // namespace

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::kBubblewrap:
      return "bubblewrap";
    case Kind::kDocker:
      return "docker";
    case Kind::kHost:
      return "host";
  }
  throw internal_error("an unknown kind of runner");
}

const Runner& runner_of(Kind kind) {
  switch (kind) {
    case Kind::kBubblewrap:
      return bubblewrap_runner();
    case Kind::kDocker:
      return docker_runner();
    case Kind::kHost:
      return host_runner();
  }
  throw internal_error("an unknown kind of runner");
}

Kind choose(spec::RunnerChoice choice, bool with_image, const WarningSink& warn) {
  const std::optional<Kind> wanted = explicit_kind(choice);
  if (wanted == Kind::kHost && with_image) {
    throw user_error("the host runner cannot run images",
                     {"Choose bubblewrap, docker or auto for a step with an image."});
  }
  if (wanted == Kind::kDocker && !with_image) {
    throw user_error("the runner docker needs an image",
                     {"Choose bubblewrap, host or auto for a step on the host."});
  }
  const Availability availability = quick_look(wanted.value_or(Kind::kBubblewrap));
  if (availability.usable) return wanted.value_or(Kind::kBubblewrap);
  if (wanted) throw unusable(*wanted, availability);
  return second_choice(with_image, availability, warn);
}

Kind choose_after_failure(spec::RunnerChoice choice, bool with_image, Kind failed,
                          const std::string& reason, const WarningSink& warn) {
  const Availability availability = runner_of(failed).probe();
  if (availability.usable) {
    throw environment_error(std::string(name_of(failed)) + " could not start the step: " + reason);
  }
  if (choice == spec::RunnerChoice::kAuto && failed == Kind::kBubblewrap) {
    return second_choice(with_image, availability, warn);
  }
  throw unusable(failed, availability);
}

}  // namespace cntr::runner
