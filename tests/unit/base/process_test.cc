#include "base/process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>

#include "base/error.h"
#include "base/text.h"

namespace cntr {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::HasSubstr;

struct Outcome {
  ExitStatus status;
  std::string out;
  std::string err;
};

Outcome run(const Command& command, const RunLimits& limits = {}) {
  Outcome outcome;
  outcome.status = run_process(
      command, limits, [&](std::string_view bytes) { outcome.out += bytes; },
      [&](std::string_view bytes) { outcome.err += bytes; });
  return outcome;
}

Command shell(const std::string& script) {
  Command command;
  command.argv = {"/bin/sh", "-c", script};
  command.environment = {"PATH=/usr/bin:/bin"};
  return command;
}

std::string message_of(const Command& command) {
  try {
    run(command);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kEnvironment);
    return error.what();
  }
  return "no error";
}

// True once `condition` holds, within five seconds.
template <typename Condition>
bool eventually(Condition condition) {
  const auto end = steady_clock::now() + std::chrono::seconds(5);
  while (steady_clock::now() < end) {
    if (condition()) return true;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return false;
}

bool is_running(pid_t pid) {
  const auto stat = read_file_if_exists("/proc/" + std::to_string(pid) + "/stat");
  return stat && stat->find(") Z ") == std::string::npos;
}

pid_t pid_in(const std::string& path) { return static_cast<pid_t>(std::stol(read_file(path))); }

class ProcessTest : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }

  TemporaryDirectory directory_{"/tmp", "cntr-process-"};
};

TEST_F(ProcessTest, KeepsOutputAndErrorApart) {
  const Outcome outcome = run(shell("echo out; echo err >&2; exit 3"));
  EXPECT_EQ(outcome.status, (ExitStatus{.code = 3}));
  EXPECT_EQ(outcome.out, "out\n");
  EXPECT_EQ(outcome.err, "err\n");
}

TEST_F(ProcessTest, OneSinkGetsBothInTheOrderWritten) {
  std::string all;
  const ExitStatus status = run_process(shell("echo 1; echo 2 >&2; echo 3; echo 4 >&2"), {},
                                        [&](std::string_view bytes) { all += bytes; });
  EXPECT_EQ(status.code, 0);
  EXPECT_EQ(all, "1\n2\n3\n4\n");
}

TEST_F(ProcessTest, LargeOutputArrivesWhole) {
  const Outcome outcome = run(shell("head -c 5000000 /dev/zero; head -c 3000000 /dev/zero >&2"));
  EXPECT_EQ(outcome.out.size(), 5000000U);
  EXPECT_EQ(outcome.err.size(), 3000000U);
}

TEST_F(ProcessTest, EveryExitCodeIsReported) {
  for (int code = 0; code < 256; code += 15) {
    EXPECT_EQ(run(shell("exit " + std::to_string(code))).status, (ExitStatus{.code = code}));
  }
}

TEST_F(ProcessTest, ASignalIsReportedAsTheShellDoes) {
  EXPECT_EQ(run(shell("kill -SEGV $$")).status, (ExitStatus{.code = 139, .signal = SIGSEGV}));
  EXPECT_EQ(run(shell("kill -KILL $$")).status, (ExitStatus{.code = 137, .signal = SIGKILL}));
}

TEST_F(ProcessTest, ArgumentsArriveByteByByte) {
  Command command;
  command.argv = {"/usr/bin/printf", "[%s]",        "",        "a b", "-n",
                  "$x;'\"\\",        "line\nbreak", "\xff\x01"};
  EXPECT_EQ(run(command).out, "[][a b][-n][$x;'\"\\][line\nbreak][\xff\x01]");
}

TEST_F(ProcessTest, EnvironmentIsExactlyWhatIsGiven) {
  Command command;
  command.argv = {"/usr/bin/env"};
  command.environment = {"B=2 =x", "A=\nline", "B2="};
  EXPECT_EQ(run(command).out, "B=2 =x\nA=\nline\nB2=\n");
  command.environment = {};
  EXPECT_EQ(run(command).out, "");
}

TEST_F(ProcessTest, StartsInTheDirectory) {
  Command command = shell("pwd -P; cat here");
  command.directory = path("a b");
  make_directories(command.directory);
  write_file_atomically(path("a b/here"), "found");
  EXPECT_EQ(run(command).out, path("a b") + "\nfound");
}

TEST_F(ProcessTest, ARelativeProgramIsTakenBelowTheDirectory) {
  write_file_atomically(path("tool"), "#!/bin/sh\necho mine\n", 0755);
  Command command;
  command.argv = {"./tool"};
  command.directory = directory_.path();
  EXPECT_EQ(run(command).out, "mine\n");
}

TEST_F(ProcessTest, InputIsTheFileOrNothing) {
  write_file_atomically(path("input"), "some bytes");
  Command command = shell("cat");
  EXPECT_EQ(run(command).out, "");
  command.input_path = path("input");
  EXPECT_EQ(run(command).out, "some bytes");
}

TEST_F(ProcessTest, MissingInputIsAnError) {
  Command command = shell("cat");
  command.input_path = path("none");
  EXPECT_THAT(message_of(command), HasSubstr(path("none")));
}

TEST_F(ProcessTest, ExtraDescriptorHoldsTheContent) {
  Command command = shell("cat <&3");
  command.extra_fd = std::string("a\0b\n", 4) + std::string(200000, 'x');
  EXPECT_EQ(run(command).out, *command.extra_fd);
}

TEST_F(ProcessTest, NoOtherDescriptorIsInherited) {
  const int leaked = open("/dev/null", O_RDONLY);  // without O_CLOEXEC
  ASSERT_GE(leaked, 0);
  Command command = shell("ls /proc/$$/fd");
  EXPECT_EQ(run(command).out, "0\n1\n2\n");
  command.extra_fd = "x";
  EXPECT_EQ(run(command).out, "0\n1\n2\n3\n");
  close(leaked);
}

TEST_F(ProcessTest, SignalsAreAtTheirDefaults) {
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  sigset_t old;
  sigprocmask(SIG_BLOCK, &blocked, &old);
  auto* const old_handler = signal(SIGPIPE, SIG_IGN);
  const Outcome outcome = run(shell("sed -n '/^Sig[BIC]/p' /proc/self/status"));
  signal(SIGPIPE, old_handler);
  sigprocmask(SIG_SETMASK, &old, nullptr);
  EXPECT_EQ(outcome.out,
            "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nSigCgt:\t0000000000000000\n");
}

TEST_F(ProcessTest, RunsInAGroupOfItsOwnUnlessAsked) {
  Command command = shell("cut -d' ' -f1,5 /proc/$$/stat");
  const std::vector<std::string> own = split(run(command).out, ' ');
  ASSERT_EQ(own.size(), 2U);
  EXPECT_EQ(own[0] + "\n", own[1]);
  command.own_process_group = false;
  EXPECT_EQ(split(run(command).out, ' ')[1], std::to_string(getpgrp()) + "\n");
}

TEST_F(ProcessTest, MissingProgram) {
  Command command;
  command.argv = {"no-such program"};
  EXPECT_EQ(message_of(command),
            "cannot start \"no-such program\": no such program\n"
            "  It is looked for in PATH, which is " +
                quote(search_path()) + ".");
  command.argv = {path("none")};
  EXPECT_EQ(message_of(command),
            "cannot start " + quote(path("none")) + ": No such file or directory");
}

TEST_F(ProcessTest, FileThatIsNotExecutable) {
  write_file_atomically(path("text"), "x", 0644);
  Command command;
  command.argv = {path("text")};
  EXPECT_EQ(message_of(command), "cannot start " + quote(path("text")) + ": Permission denied");
}

TEST_F(ProcessTest, MissingInterpreter) {
  write_file_atomically(path("script"), "#!/no/such/interpreter\n", 0755);
  Command command;
  command.argv = {path("script")};
  EXPECT_EQ(message_of(command), "cannot start " + quote(path("script")) +
                                     ": No such file or directory\n"
                                     "  The file exists; its interpreter does not.");
}

TEST_F(ProcessTest, MissingDirectory) {
  Command command = shell("true");
  command.directory = path("none");
  EXPECT_EQ(message_of(command),
            "cannot start \"/bin/sh\" in " + quote(path("none")) + ": No such file or directory");
}

TEST_F(ProcessTest, TimeLimitEndsTheGroup) {
  Command command = shell("sleep 100 & echo $! > " + path("pid") + "; wait");
  const auto start = steady_clock::now();
  const Outcome outcome = run(command, {.timeout = milliseconds(200)});
  EXPECT_TRUE(outcome.status.timed_out);
  EXPECT_FALSE(outcome.status.interrupted);
  EXPECT_EQ(outcome.status.signal, SIGTERM);
  EXPECT_LT(steady_clock::now() - start, milliseconds(1500));
  const pid_t sleeper = pid_in(path("pid"));
  EXPECT_TRUE(eventually([&] { return !is_running(sleeper); }));
}

TEST_F(ProcessTest, ACommandMayTidyUpAtTheTimeLimit) {
  const Outcome outcome = run(shell("trap 'echo tidy; exit 7' TERM; while :; do sleep 0.05; done"),
                              {milliseconds(200)});
  EXPECT_EQ(outcome.status, (ExitStatus{.code = 7, .timed_out = true}));
  EXPECT_EQ(outcome.out, "tidy\n");
}

TEST_F(ProcessTest, KilledTwoSecondsAfterTheTimeLimit) {
  const auto start = steady_clock::now();
  const Outcome outcome =
      run(shell("trap '' TERM; while :; do sleep 0.05; done"), {.timeout = milliseconds(100)});
  const auto time = steady_clock::now() - start;
  EXPECT_EQ(outcome.status, (ExitStatus{.code = 137, .signal = SIGKILL, .timed_out = true}));
  EXPECT_GT(time, milliseconds(2000));
  EXPECT_LT(time, milliseconds(3500));
}

TEST_F(ProcessTest, WaitsAtMostASecondForPipesThatOthersHold) {
  const auto start = steady_clock::now();
  const Outcome outcome = run(shell("sleep 30 & echo $!"));
  EXPECT_EQ(outcome.status.code, 0);
  EXPECT_GT(steady_clock::now() - start, milliseconds(900));
  EXPECT_LT(steady_clock::now() - start, milliseconds(2500));
  kill(static_cast<pid_t>(std::stol(outcome.out)), SIGKILL);
}

TEST_F(ProcessTest, AThrowingSinkEndsTheCommand) {
  Command command = shell("echo $$; sleep 100");
  pid_t pid = 0;
  const auto sink = [&](std::string_view bytes) {
    pid = static_cast<pid_t>(std::stol(std::string(bytes)));
    throw environment_error("the log is full");
  };
  EXPECT_THROW(run_process(command, {}, sink), Error);
  ASSERT_GT(pid, 0);
  EXPECT_FALSE(is_running(pid));
}

TEST_F(ProcessTest, InterruptionIsReportedAndEndsTheCommand) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    std::thread interrupter;
    const auto sink = [&](std::string_view) {
      if (!interrupter.joinable()) interrupter = std::thread([&] { kill(getpid(), number); });
      interrupter.join();
    };
    const ExitStatus status = run_process(shell("echo started; sleep 100"), {}, sink);
    EXPECT_EQ(status, (ExitStatus{.code = 143, .signal = SIGTERM, .interrupted = true}));
  }
}

TEST_F(ProcessTest, TheEndOfAWatchedProcessInterrupts) {
  const pid_t watched = fork();
  if (watched == 0) {
    pause();
    _exit(0);
  }
  const UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, watched, 0)));
  std::thread killer([watched] {
    std::this_thread::sleep_for(milliseconds(100));
    kill(watched, SIGKILL);
  });
  const Outcome outcome = run(shell("sleep 1000"), {.end_with = {pidfd.get()}});
  killer.join();
  waitpid(watched, nullptr, 0);
  EXPECT_TRUE(outcome.status.interrupted);
  EXPECT_EQ(outcome.status.signal, SIGTERM);
}

TEST_F(ProcessTest, AnIgnoredSignalDoesNotInterrupt) {
  auto* const old_handler = signal(SIGHUP, SIG_IGN);
  const auto sink = [](std::string_view) { kill(getpid(), SIGHUP); };
  const ExitStatus status = run_process(shell("echo started; sleep 0.1"), {}, sink);
  signal(SIGHUP, old_handler);
  EXPECT_EQ(status, ExitStatus{});
}

TEST_F(ProcessTest, TheCommandDiesWithItsParent) {
  const pid_t parent = fork();
  if (parent == 0) {
    run_process(shell("echo $$ > " + path("pid.tmp") + "; mv " + path("pid.tmp") + " " +
                      path("pid") + "; exec sleep 100"),
                {}, nullptr);
    _exit(0);
  }
  ASSERT_TRUE(eventually([&] { return exists(path("pid")); }));
  const pid_t child = pid_in(path("pid"));
  EXPECT_TRUE(is_running(child));
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  EXPECT_TRUE(eventually([&] { return !is_running(child); }));
}

TEST_F(ProcessTest, WorksWhenStandardDescriptorsAreClosed) {
  const pid_t pid = fork();
  if (pid == 0) {
    closefrom(0);
    std::string out;
    run_process(shell("cat; echo out; echo err >&2"), {}, [&](std::string_view b) { out += b; });
    _exit(out == "out\nerr\n" ? 0 : 1);
  }
  int status = -1;
  waitpid(pid, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST_F(ProcessTest, CaptureUsesTheCallersEnvironment) {
  setenv("CNTR_PROCESS_TEST", "value", 1);
  const Captured captured =
      capture_process({"sh", "-c", "echo $CNTR_PROCESS_TEST; echo e >&2; exit 4"});
  unsetenv("CNTR_PROCESS_TEST");
  EXPECT_EQ(captured.status.code, 4);
  EXPECT_EQ(captured.out, "value\n");
  EXPECT_EQ(captured.err, "e\n");
}

TEST_F(ProcessTest, FindsTheFirstExecutableFileOfThePath) {
  for (const char* name : {"a", "b", "c"}) make_directories(path(name));
  write_file_atomically(path("a/tool"), "", 0644);  // not executable
  make_directories(path("b/tool"));                 // not a file
  write_file_atomically(path("c/tool"), "", 0755);
  const std::string search = path("a") + ":" + path("b") + ":" + path("c");
  EXPECT_EQ(find_program("tool", search), path("c/tool"));
  EXPECT_EQ(find_program("other", search), std::nullopt);
  EXPECT_EQ(find_program("tool", path("none") + ":/proc/1/fd:" + search), path("c/tool"));
  EXPECT_EQ(find_program("", search), std::nullopt);
  EXPECT_EQ(find_program(path("c/tool"), ""), path("c/tool"));
  EXPECT_EQ(find_program(path("a/tool"), ""), std::nullopt);
}

}  // namespace
}  // namespace cntr
