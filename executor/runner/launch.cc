#include "runner/launch.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/file_system.h"

namespace cntr::runner {

std::string own_program(const std::string& name) {
  const std::string directory = parent_path(read_link("/proc/self/exe"));
  const std::string beside = directory + "/" + name;
  const std::string installed = normal_path("../libexec/cntr/" + name, directory);
  for (const std::string& path : {beside, installed}) {
    if (find_program(path, "")) return path;
  }
  throw internal_error("the program " + name + " is neither " + beside + " nor " + installed);
}

std::string supervisor_program() {
  static const std::string program = own_program("cntr-supervisor");
  return program;
}

std::string required_program(const std::string& name, const std::string& fix) {
  const std::optional<std::string> found = find_program(name, search_path());
  if (!found) throw environment_error("the program " + name + " is not on PATH", {fix});
  return normal_path(*found, current_directory());
}

std::string_view variable_name(std::string_view variable) {
  return variable.substr(0, variable.find('='));
}

std::vector<std::string> environment_with_pwd(const Sandbox& sandbox) {
  std::vector<std::string> environment = sandbox.environment;
  std::erase_if(environment, [](const std::string& v) { return variable_name(v) == "PWD"; });
  environment.push_back("PWD=" + sandbox.directory);
  return environment;
}

void make_nested_mount_points(const Sandbox& sandbox) {
  std::vector<Bind> outer = {{sandbox.work_directory + "/tmp", "/tmp", true, true}};
  for (const Bind& bind : sandbox.binds) {
    for (auto parent = outer.rbegin(); parent != outer.rend(); ++parent) {
      const auto rest = path_below(bind.container, parent->container);
      if (!rest || rest->empty()) continue;
      const std::string path = parent->host + "/" + *rest;
      if (parent->writable && !exists(path)) {
        make_directories(bind.directory ? path : parent_path(path));
        if (!bind.directory) write_file_atomically(path, "");
      }
      break;
    }
    if (bind.directory) outer.push_back(bind);
  }
}

Command command_for(const Sandbox& sandbox, std::vector<std::string> argv) {
  Command command;
  command.argv = std::move(argv);
  if (sandbox.lock_fd >= 0) {
    command.argv.insert(command.argv.begin() + 1, {"--lock", std::to_string(Command::kLockFd)});
    command.lock_fd = sandbox.lock_fd;
  }
  if (sandbox.stop_signal != 0 && !sandbox.terminal) {
    command.argv.insert(command.argv.begin() + 1,
                        {"--stop-signal", std::to_string(sandbox.stop_signal)});
  }
  command.input_path = sandbox.input_path;
  command.inherit_terminal = sandbox.terminal;
  return command;
}

std::string last_line(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  const size_t begin = text.rfind('\n');
  return std::string(begin == std::string_view::npos ? text : text.substr(begin + 1));
}

std::optional<std::string> supervisor_failure(const ExitStatus& status, std::string_view log_tail) {
  const std::string line = last_line(log_tail);
  if (status.code == 125 && line.starts_with("cntr-supervisor: ")) return line;
  return std::nullopt;
}

}  // namespace cntr::runner
