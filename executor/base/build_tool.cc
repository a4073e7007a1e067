#include "base/build_tool.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <iterator>
#include <string>

#include "base/text.h"

namespace cntr {
namespace {

// Text of /proc; "" when the process is gone or hidden.
std::string proc_text(pid_t pid, const char* file) {
  try {
    return read_file("/proc/" + std::to_string(pid) + "/" + file);
  } catch (const std::exception&) {
    return "";
  }
}

// sh -c COMMAND, also with more options (-ec).
bool is_shell_command(pid_t pid) {
  const std::vector<std::string> argv = split(proc_text(pid, "cmdline"), '\0');
  return argv.size() > 2 && argv[1].starts_with("-") && argv[1].ends_with("c");
}

// 0 when it is not known. The name before it, in brackets, may hold anything.
pid_t parent_of(pid_t pid) {
  const std::string stat = proc_text(pid, "stat");
  const size_t end_of_name = stat.rfind(')');
  if (end_of_name == std::string::npos || stat.size() < end_of_name + 5) return 0;
  return std::atoi(stat.c_str() + end_of_name + 4);
}

void add_pidfd(pid_t pid, std::vector<UniqueFd>& fds) {
  UniqueFd fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (fd.valid()) fds.push_back(std::move(fd));
}

}  // namespace

std::vector<UniqueFd> build_tool_processes() {
  std::vector<UniqueFd> fds;
  std::vector<UniqueFd> shells;  // above the last process in `fds`
  std::string tool;
  for (pid_t pid = getppid(); pid > 1; pid = parent_of(pid)) {
    if (is_shell_command(pid)) {
      add_pidfd(pid, shells);
      continue;
    }
    const std::string name = proc_text(pid, "comm");
    if (!tool.empty() && name != tool) break;
    tool = name;
    fds.insert(fds.end(), std::make_move_iterator(shells.begin()),
               std::make_move_iterator(shells.end()));
    shells.clear();
    add_pidfd(pid, fds);
  }
  return fds;
}

}  // namespace cntr
