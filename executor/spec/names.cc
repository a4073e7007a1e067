#include <string_view>

#include "spec/spec.h"

namespace cntr::spec {
namespace {

bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace

std::string_view name_of(Network network) { return network == Network::kHost ? "host" : "none"; }

std::string_view name_of(RunnerKind runner) {
  switch (runner) {
    case RunnerKind::kBubblewrap:
      return "bubblewrap";
    case RunnerKind::kPodman:
      return "podman";
    case RunnerKind::kApptainer:
      return "apptainer";
    case RunnerKind::kSingularity:
      return "singularity";
    case RunnerKind::kDocker:
      return "docker";
    case RunnerKind::kHost:
      return "host";
  }
  throw internal_error("A runner without a name");
}

std::string_view name_of(MountMode mode) { return mode == MountMode::kReadWrite ? "rw" : "ro"; }

std::string_view name_of(PullPolicy policy) {
  switch (policy) {
    case PullPolicy::kMissing:
      return "missing";
    case PullPolicy::kNever:
      return "never";
    case PullPolicy::kAlways:
      return "always";
  }
  throw internal_error("A pull policy without a name");
}

bool is_valid_name(std::string_view name) {
  constexpr size_t kMaxLength = 128;
  if (name.empty() || name.size() > kMaxLength || !is_name_start(name.front())) return false;
  for (const char c : name) {
    if (!is_name_start(c) && std::string_view(".+-").find(c) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

bool is_valid_platform(std::string_view text) {
  constexpr std::string_view kLinux = "linux/";
  if (!text.starts_with(kLinux)) return false;
  text.remove_prefix(kLinux.size());
  const std::string_view architecture = text.substr(0, text.find('/'));
  const bool has_variant = architecture.size() < text.size();
  return is_valid_name(architecture) &&
         (!has_variant || is_valid_name(text.substr(architecture.size() + 1)));
}

}  // namespace cntr::spec
