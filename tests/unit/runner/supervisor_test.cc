// The options of cntr-supervisor that the runners build on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>

#include "base/file_system.h"
#include "base/process.h"
#include "runner/launch.h"
#include "sandbox_test.h"

namespace cntr::runner {
namespace {

using std::chrono::milliseconds;

class SupervisorTest : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }

  Outcome run(const std::vector<std::string>& options, const std::string& script,
              const RunLimits& limits = {}) {
    Command command;
    command.argv = {supervisor_program()};
    command.argv.insert(command.argv.end(), options.begin(), options.end());
    command.argv.insert(command.argv.end(), {"--", "/bin/sh", "-c", script});
    command.environment = {"PATH=/usr/bin:/bin"};
    command.directory = directory_.path();
    Outcome outcome;
    outcome.status = run_process(
        command, limits, [&](std::string_view bytes) { outcome.out += bytes; },
        [&](std::string_view bytes) { outcome.err += bytes; });
    return outcome;
  }
  std::vector<std::string> cleanup() const { return {"--cleanup", "2", "touch", path("cleaned")}; }

  TemporaryDirectory directory_{"/tmp", "cntr-supervisor-"};
};

TEST_F(SupervisorTest, NoCleanupAfterAnEndOfItsOwn) {
  EXPECT_EQ(run(cleanup(), "exit 5").status.code, 5);
  EXPECT_FALSE(exists(path("cleaned")));
}

TEST_F(SupervisorTest, CleanupAfterAnInterruption) {
  EXPECT_TRUE(run(cleanup(), "sleep 1000", {.timeout = milliseconds(100)}).status.timed_out);
  EXPECT_TRUE(exists(path("cleaned")));
}

TEST_F(SupervisorTest, CleanupWhenTheCommandWasKilled) {
  EXPECT_EQ(run(cleanup(), "kill -9 $$").status.signal, SIGKILL);
  EXPECT_TRUE(exists(path("cleaned")));
}

TEST_F(SupervisorTest, CleanupWhenTheSupervisorWasKilled) {
  // The parent of the command is the guardian; its parent is the front.
  const Outcome outcome = run(cleanup(), "kill -9 $(cut -d' ' -f4 /proc/$PPID/stat); sleep 1000");
  EXPECT_EQ(outcome.status.signal, SIGKILL);
  EXPECT_TRUE(eventually([&] { return exists(path("cleaned")); }));
}

TEST_F(SupervisorTest, AFailingCleanupIsTriedAgain) {
  const std::vector<std::string> options = {
      "--cleanup", "3", "/bin/sh", "-c",
      "echo x >> " + path("tries") + "; test $(wc -l < " + path("tries") + ") = 3"};
  run(options, "kill -9 $$");
  EXPECT_EQ(read_file(path("tries")), "x\nx\nx\n");
}

TEST_F(SupervisorTest, FinallyHoweverItEnds) {
  const std::vector<std::string> options = {"--finally", "2", "touch", path("done")};
  for (const char* script : {"exit 5", "kill -9 $$", "(setsid sleep 1000 &)"}) {
    run(options, script);
    EXPECT_TRUE(exists(path("done"))) << script;
    remove_tree(path("done"));
  }
  run(options, "kill -9 $(cut -d' ' -f4 /proc/$PPID/stat); sleep 1000");
  EXPECT_TRUE(eventually([&] { return exists(path("done")); }));
}

TEST_F(SupervisorTest, FinallyComesAfterTheCleanupAndLeavesNoProcess) {
  const std::string word = "finally-" + base_name(directory_.path());
  run({"--cleanup", "3", "/bin/sh", "-c", "echo cleanup >> " + path("log"), "--finally", "3",
       "/bin/sh", "-c",
       "echo finally >> " + path("log") + "; (setsid sh -c 'sleep 1000; : " + word + "' &)"},
      "kill -9 $$");
  EXPECT_EQ(read_file(path("log")), "cleanup\nfinally\n");
  EXPECT_FALSE(process_with(word));
}

TEST_F(SupervisorTest, TheScratchDirectoryIsTheStepsOwn) {
  const std::string directory = path("scratch");
  EXPECT_EQ(run({"--scratch", directory}, "stat -c %a " + directory).out, "700\n");
  const Outcome outcome = run({"--scratch", directory}, "echo started");
  EXPECT_EQ(outcome.status.code, 125);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err, "cntr-supervisor: cannot make " + directory + ": File exists\n");
}

TEST_F(SupervisorTest, AnotherSignalAsksTheCommandToEnd) {
  const Outcome outcome = run({"--stop-signal", std::to_string(SIGUSR1)},
                              "trap 'echo asked; exit 3' USR1; while :; do sleep 0.05; done",
                              {.timeout = milliseconds(300)});
  EXPECT_EQ(outcome.out, "asked\n");
  EXPECT_EQ(outcome.status, (ExitStatus{.code = 3, .timed_out = true}));
}

TEST_F(SupervisorTest, NotInterruptedBeforeItHasStarted) {
  std::vector<std::string> options = cleanup();
  options.insert(options.end(), {"--started", path("started")});
  const Outcome outcome =
      run(options, ": > started; sleep 0.6; echo made; echo x > started; sleep 1000",
          {.timeout = milliseconds(100)});
  EXPECT_EQ(outcome.status, (ExitStatus{.code = 143, .signal = SIGTERM, .timed_out = true}));
  EXPECT_EQ(outcome.out, "made\n");
  EXPECT_TRUE(exists(path("cleaned")));
}

TEST_F(SupervisorTest, NotKilledBeforeItHasStartedEither) {
  std::vector<std::string> options = cleanup();
  options.insert(options.end(), {"--started", path("started")});
  const std::string front = "kill -9 $(cut -d' ' -f4 /proc/$PPID/stat);";
  run(options, front + "sleep 0.5; touch made; echo x > started; sleep 1000");
  EXPECT_TRUE(eventually([&] { return exists(path("cleaned")); }));
  EXPECT_TRUE(exists(path("made")));
}

TEST_F(SupervisorTest, AnOldStartedFileDoesNotCount) {
  write_file_atomically(path("started"), "x");
  EXPECT_EQ(run({"--started", path("started")}, "test -e started").status.code, 1);
}

TEST_F(SupervisorTest, WrongArguments) {
  const Captured captured = capture_process({supervisor_program(), "--nonsense", "--", "true"});
  EXPECT_EQ(captured.status.code, 125);
  EXPECT_EQ(captured.err, "cntr-supervisor: wrong arguments; it is for cntr's own use\n");
}

}  // namespace
}  // namespace cntr::runner
