// What the plans of all runners share.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/process.h"
#include "runner/runner.h"

namespace cntr::runner {

// A program of Cntr itself: beside the running program, or in ../libexec/cntr of it. Throws an
// internal Error when it is in neither place.
std::string own_program(const std::string& name);
std::string supervisor_program();

// The absolute path of a program on PATH. Throws an environment Error with this fix.
std::string required_program(const std::string& name, const std::string& fix);

std::string_view variable_name(std::string_view variable);  // of "NAME=value"

// The sandbox's variables, with PWD set to its directory, as bubblewrap sets it.
std::vector<std::string> environment_with_pwd(const Sandbox& sandbox);

// Makes the mount points of binds that lie inside writable mounts, as the caller: an engine would
// make them on the host itself, as root.
void make_nested_mount_points(const Sandbox& sandbox);

// The parts of a Command that do not depend on the runner. argv[0] is cntr-supervisor.
Command command_for(const Sandbox& sandbox, std::vector<std::string> argv);

// The last line that is not empty.
std::string last_line(std::string_view text);
// What cntr-supervisor itself complained about at the end of the log.
std::optional<std::string> supervisor_failure(const ExitStatus& status, std::string_view log_tail);

}  // namespace cntr::runner
