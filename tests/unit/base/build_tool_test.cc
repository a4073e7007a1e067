#include "base/build_tool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

namespace cntr {
namespace {

pid_t process_of(const UniqueFd& pidfd) {
  const std::string info = read_file("/proc/self/fdinfo/" + std::to_string(pidfd.get()));
  return std::stoi(info.substr(info.find("\nPid:") + 5));
}

std::vector<pid_t> processes() {
  std::vector<pid_t> out;
  for (const UniqueFd& pidfd : build_tool_processes()) out.push_back(process_of(pidfd));
  return out;
}

// Runs it in a child process; true when it returns true there.
template <typename Function>
bool in_child(Function function) {
  const pid_t pid = fork();
  if (pid == 0) _exit(function() ? 0 : 1);
  int status = -1;
  waitpid(pid, &status, 0);
  return status == 0;
}

TEST(BuildTool, IsWhatStartedThisProcess) {
  EXPECT_TRUE(in_child([] { return processes().at(0) == getppid(); }));
}

TEST(BuildTool, ItsOwnKindAboveItIsThereToo) {
  const pid_t test = getpid();
  EXPECT_TRUE(in_child([test] {
    const pid_t child = getpid();
    return in_child([test, child] {
      const std::vector<pid_t> found = processes();
      return found.size() >= 2 && found[0] == child && found[1] == test;
    });
  }));
}

TEST(BuildTool, OtherProgramsAboveItAreNot) {
  const pid_t above = getppid();
  EXPECT_TRUE(in_child([above] {
    const std::vector<pid_t> found = processes();
    return std::find(found.begin(), found.end(), above) == found.end();
  }));
}

}  // namespace
}  // namespace cntr
