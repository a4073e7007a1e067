#include "runner/input_mounts.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "base/file_system.h"

namespace cntr::runner {
namespace {

constexpr const char* kSource = "/src";
constexpr const char* kBuild = "/build";

bool is_below_one_of(const std::set<std::string>& directories, const std::string& path) {
  for (std::string parent = parent_path(path); parent != "/"; parent = parent_path(parent)) {
    if (directories.contains(parent)) return true;
  }
  return false;
}

void add_group(std::string& list, const std::string& place, const char* root,
               const std::vector<Bind>& files) {
  const auto add = [&list](const std::string& word) { list.append(word).push_back('\0'); };
  add(place);
  for (const Bind& file : files) {
    const auto relative = path_below(file.container, root);
    if (!relative) continue;
    add(file.host);
    add(*relative);
  }
  add("");
}

}  // namespace

DividedBinds divide_binds(const Sandbox& sandbox, bool supervisor_can) {
  DividedBinds divided;
  std::set<std::string> directories;
  for (const Bind& bind : sandbox.binds) {
    if (bind.directory) directories.insert(bind.container);
    const bool is_single_input =
        !bind.directory && !bind.writable &&
        (path_below(bind.container, kSource) || path_below(bind.container, kBuild)) &&
        !is_below_one_of(directories, bind.container);
    (is_single_input ? divided.by_supervisor : divided.by_bwrap).push_back(bind);
  }
  const size_t left_to_bwrap = sandbox.terminal ? kMostBinds : kFewInputs;
  if (!supervisor_can || divided.by_supervisor.size() <= left_to_bwrap) return {{}, sandbox.binds};
  return divided;
}

std::string input_directory(const Sandbox& sandbox) { return sandbox.work_directory + "/inputs"; }

std::vector<std::string> input_options(const Sandbox& sandbox) {
  return {"--inputs", std::to_string(Command::kExtraFd), input_directory(sandbox),
          std::to_string(kGateFd), sandbox.work_directory + kGateFile};
}

std::string input_list(const Sandbox& sandbox, const std::vector<Bind>& files) {
  std::string list;
  add_group(list, input_directory(sandbox), kSource, files);
  add_group(list, sandbox.work_directory + kBuild, kBuild, files);
  list.push_back('\0');
  return list;
}

bool supervisor_can_mount() {
  static const bool can = [] {
    // No valid call: where it is known it says so, where it is not or is forbidden it says that.
    if (syscall(SYS_mount_setattr, -1, nullptr, 0, nullptr, 0) == 0 || errno != EINVAL) {
      return false;
    }
    if (geteuid() == 0) return true;
    const auto restricted =
        read_file_if_exists("/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
    return !restricted || !restricted->starts_with('1');
  }();
  return can;
}

}  // namespace cntr::runner
