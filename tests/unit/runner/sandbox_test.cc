#include "sandbox_test.h"

#include <pty.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "base/error.h"
#include "base/text.h"

namespace cntr::runner {
namespace {

constexpr const char* kBusybox = "/bin/busybox";

// Every root has the same content, so that docker imports it once.
constexpr const char* kContent = "busybox root of the unit tests, 1";

void make_root(const std::string& root) {
  for (const char* name : {"bin", "etc", "opt", "src", "build", "proc", "dev", "tmp"}) {
    make_directories(root + "/" + name);
  }
  clone_file(kBusybox, root + "/bin/busybox", 0755);
  for (const char* name : {"cat", "env", "id", "ls", "printf", "setsid", "sh", "sleep", "touch"}) {
    ASSERT_EQ(symlink("busybox", (root + "/bin/" + name).c_str()), 0);
  }
  write_file_atomically(root + "/etc/passwd", "someone:x:1:1::/:/bin/sh\n");
  write_file_atomically(root + "/etc/image", "this image\n");
}

}  // namespace

bool eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (std::chrono::steady_clock::now() < end) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

bool process_with(const std::string& word) {
  for (const std::string& name : list_directory("/proc")) {
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    try {
      const auto line = read_file_if_exists("/proc/" + name + "/cmdline");
      if (line && line->find(word) != std::string::npos) return true;
    } catch (const Error&) {
      // It ended while it was read.
    }
  }
  return false;
}

void SandboxTest::require(Kind kind) {
  const std::string name(name_of(kind));
  const std::string must = environment_variable("CNTR_TESTS_MUST_RUN").value_or("");
  // No need to try it: without it the test itself fails.
  if (("," + must + ",").find("," + name + ",") != std::string::npos) return;
  const Availability availability = runner_of(kind).probe();
  if (availability.usable) return;
  GTEST_SKIP() << name << ": " << availability.reason << ". " << availability.fix;
}

void SandboxTest::SetUp() {
  if (!exists(kBusybox)) GTEST_SKIP() << kBusybox << " is missing (apt install busybox-static)";
  chmod(path("").c_str(), 0755);
  make_root(root());
}

Sandbox SandboxTest::sandbox(const std::vector<std::string>& argv) {
  Sandbox sandbox;
  sandbox.id =
      base_name(path("").substr(0, path("").size() - 1)) + "." + std::to_string(++sandboxes_);
  sandbox.argv = argv;
  sandbox.environment = {"PATH=/bin", "HOME=/tmp"};
  sandbox.directory = "/build";
  sandbox.root = Root{digest_of(kContent), root()};
  sandbox.work_directory = path("work" + std::to_string(sandboxes_));
  make_directories(sandbox.work_directory + "/build");
  make_directories(sandbox.work_directory + "/tmp");
  sandbox.user = sandbox.caller = {getuid(), getgid()};
  return sandbox;
}

std::string SandboxTest::input(const std::string& name, const std::string& content) {
  make_directories(path("inputs"));
  const std::string file = path("inputs/" + name);
  write_file_atomically(file, content);
  return file;
}

std::string SandboxTest::marker(const std::string& name) const {
  return name + "-" + base_name(path("").substr(0, path("").size() - 1));
}

Outcome SandboxTest::run(Kind kind, const Sandbox& sandbox, const RunLimits& limits) {
  const Runner& runner = runner_of(kind);
  EXPECT_EQ(runner.refusal(sandbox), "");
  runner.prepare(sandbox);
  Outcome outcome;
  outcome.status = run_process(
      runner.plan(sandbox), limits, [&](std::string_view bytes) { outcome.out += bytes; },
      [&](std::string_view bytes) { outcome.err += bytes; });
  return outcome;
}

Outcome SandboxTest::run_at_terminal(Kind kind, Sandbox sandbox,
                                     const std::vector<std::string>& lines) {
  sandbox.terminal = true;
  sandbox.environment.push_back("PS1=prompt> ");
  const Runner& runner = runner_of(kind);
  runner.prepare(sandbox);
  const Command command = runner.plan(sandbox);
  int terminal = -1;
  const pid_t pid = forkpty(&terminal, nullptr, nullptr, nullptr);
  if (pid == 0) _exit(run_process(command, {}, nullptr).code);
  Outcome outcome;
  size_t typed = 0;
  size_t seen = 0;
  char buffer[4096];
  // At the end of the terminal's other side, reading fails.
  while (true) {
    const ssize_t size = read(terminal, buffer, sizeof buffer);
    if (size <= 0) break;
    outcome.out.append(buffer, static_cast<size_t>(size));
    // busybox asks for the cursor's position after the prompt.
    const size_t prompt = outcome.out.rfind("prompt> ");
    if (typed < lines.size() && prompt != std::string::npos && prompt >= seen) {
      seen = outcome.out.size();
      write_all(terminal, lines[typed++], "terminal");
    }
  }
  int status = -1;
  waitpid(pid, &status, 0);
  close(terminal);
  outcome.status.code = WEXITSTATUS(status);
  return outcome;
}

void SandboxTest::kill_runner_of(Kind kind, const Sandbox& sandbox,
                                 const std::function<bool()>& started) {
  runner_of(kind).prepare(sandbox);
  const Command command = runner_of(kind).plan(sandbox);
  const pid_t pid = fork();
  if (pid == 0) {
    run_process(command, {}, nullptr);
    _exit(0);
  }
  EXPECT_TRUE(eventually(started));
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
}

}  // namespace cntr::runner
