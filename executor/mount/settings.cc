#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/process.h"
#include "base/text.h"
#include "base/units.h"
#include "mount/mount.h"
#include "mount/ways.h"

namespace cntr::mount {
namespace {

const std::string kRootPlace = "/run/cntr/mounts";
constexpr std::chrono::seconds kDefaultIdle{5};

bool can_write(const std::string& directory) {
  return faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) == 0;
}

std::string default_place() {
  const uid_t uid = geteuid();
  if (uid == 0) {
    if (can_write("/run")) return kRootPlace;
  } else {
    const std::string runtime = environment_variable("XDG_RUNTIME_DIR").value_or("");
    if (runtime.starts_with('/') && can_write(runtime)) return runtime + "/cntr/mounts";
  }
  return "/tmp/cntr-" + std::to_string(uid) + "/mounts";
}

std::chrono::milliseconds idle_time() {
  const std::optional<std::string> text = environment_variable("CNTR_MOUNT_IDLE");
  if (!text || text->empty()) return kDefaultIdle;
  if (*text == "0") return std::chrono::milliseconds(0);
  try {
    return parse_duration(*text);
  } catch (const Error& error) {
    throw user_error("CNTR_MOUNT_IDLE: " + error.message(), error.notes());
  }
}

std::vector<Way> wanted_ways() {
  const std::string text = environment_variable("CNTR_MOUNT_WITH").value_or("");
  if (text.empty()) return {Way::kKernel, Way::kSquashfuseLl, Way::kSquashfuse};
  std::vector<Way> ways;
  if (text == "none") return ways;
  for (const std::string& name : split(text, ',')) {
    const std::optional<Way> way = way_named(name);
    if (!way) {
      throw user_error("CNTR_MOUNT_WITH: " + quote(name) + " is no way to mount",
                       {"It is kernel, squashfuse_ll, squashfuse, several of these with commas "
                        "between them, or none."});
    }
    ways.push_back(*way);
  }
  return ways;
}

std::string mount_program() {
  const std::string directory = parent_path(read_link("/proc/self/exe"));
  const std::string beside = directory + "/cntr-mount";
  const std::string installed = normal_path("../libexec/cntr/cntr-mount", directory);
  for (const std::string& path : {beside, installed}) {
    if (find_program(path, "")) return path;
  }
  throw internal_error("the program cntr-mount is neither " + beside + " nor " + installed);
}

}  // namespace

Settings default_settings() {
  Settings settings;
  settings.place = default_place();
  if (geteuid() != 0) settings.shared_place = kRootPlace;
  settings.idle = idle_time();
  settings.ways = wanted_ways();
  settings.program = mount_program();
  return settings;
}

}  // namespace cntr::mount
