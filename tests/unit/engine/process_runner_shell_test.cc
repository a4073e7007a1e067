#include <signal.h>

#include "base/process.h"
#include "process_runner_fixture.h"

namespace cntr::engine {
namespace {

using ::testing::StartsWith;

// Each command once as it is and once so that only a shell can run it: the same must come of it.
class SameAsShellTest : public ProcessRunnerTest,
                        public ::testing::WithParamInterface<const char*> {};

TEST_P(SameAsShellTest, DirectlyAndThroughAShell) {
  ScopedVariable path("PATH", (directory_.path() + ":/usr/bin:/bin").c_str());
  script("tool", "#!/bin/sh\necho \"$0\" \"$#\" \"$@\"\n");
  script("plain", "echo plain \"$@\"\n");
  script("not-executable", "#!/bin/sh\n", 0644);
  script("bad-interpreter", "#!/no/such/interpreter\n");
  const std::string command = GetParam();
  const std::string here = current_directory();
  ASSERT_EQ(chdir(directory_.path().c_str()), 0);

  ASSERT_TRUE(direct_words(command));
  const Finished direct = run(command);
  // `exec` and not only a semicolon: a shell that stays would tell of signals itself.
  const Finished shell = run(":; exec " + command);
  EXPECT_EQ(direct.code, shell.code);
  if (direct.code == 126 || direct.code == 127) {
    // dash says "exec: " in between.
    EXPECT_THAT(direct.output, StartsWith("/bin/sh: "));
  } else {
    EXPECT_EQ(direct.output, shell.output);
  }
  EXPECT_EQ(direct.interrupted, shell.interrupted);
  ASSERT_EQ(chdir(here.c_str()), 0);
}

INSTANTIATE_TEST_SUITE_P(Each, SameAsShellTest,
                         ::testing::Values("/bin/true", "/bin/false", "tool",
                                           "tool 'a b' \"\" c\\ d", "./tool a", "plain a 'b  c'",
                                           "./plain", "no-such-program", "./no-such-file",
                                           "/no/such/file a", "./not-executable", "/tmp", "./",
                                           "bad-interpreter", "./bad-interpreter",
                                           "/usr/bin/printf a\\n", "cat", "cat /no/such/file",
                                           "printenv PATH", "readlink /proc/self/fd/0",
                                           "ls /proc/self/fd", "grep SigIgn /proc/self/status"));

TEST_F(ProcessRunnerTest, SaysOfAMissingProgramWhatTheShellSays) {
  const Finished finished = run("no-such-program a");
  EXPECT_EQ(finished.code, 127);
  EXPECT_EQ(finished.output, capture_process({"/bin/sh", "-c", "no-such-program a"}).err);
}

TEST_F(ProcessRunnerTest, FindsProgramsInThePathOfTheMoment) {
  script("new-tool", "#!/bin/sh\necho found\n");
  make();
  EXPECT_EQ(run("new-tool").code, 127);
  ScopedVariable path("PATH", (directory_.path() + ":/usr/bin:/bin").c_str());
  EXPECT_EQ(run("new-tool").output, "found\n");
}

TEST_F(ProcessRunnerTest, WorksWithoutPath) {
  ScopedVariable path("PATH", nullptr);
  EXPECT_EQ(run("cat /dev/null").code, 0);
}

TEST_F(ProcessRunnerTest, LeavesExportedFunctionsToTheShell) {
  ScopedVariable function("BASH_FUNC_cat%%", "() { echo function; }");
  // A shell that knows no such functions runs the program.
  EXPECT_EQ(output("cat /dev/null"), capture_process({"/bin/sh", "-c", "cat /dev/null"}).out);
}

TEST_F(ProcessRunnerTest, TellsTheTrueWorkingDirectory) {
  const std::string here = current_directory();
  ASSERT_EQ(symlink(directory_.path().c_str(), file("link").c_str()), 0);
  ASSERT_EQ(chdir(directory_.path().c_str()), 0);
  for (const std::string& stale : {here, std::string("."), std::string("/no/such")}) {
    ScopedVariable pwd("PWD", stale.c_str());
    make();
    EXPECT_EQ(output("printenv PWD"), directory_.path() + "\n") << stale;
  }
  ScopedVariable pwd("PWD", file("link").c_str());
  make();
  EXPECT_EQ(output("printenv PWD"), file("link") + "\n");
  ASSERT_EQ(chdir(here.c_str()), 0);
}

TEST_F(ProcessRunnerTest, ExecutesLongArgumentsDirectly) {
  // A shell would get the command as one argument, of which Linux takes 128 KiB.
  std::string command = "/usr/bin/printf %.0s";
  while (command.size() < 200'000) command += " 0123456789";
  EXPECT_EQ(run(command).code, 0);
}

TEST_F(ProcessRunnerTest, FailsClearlyWhereACommandIsTooLong) {
  const std::string command = ": '" + std::string(200'000, 'a') + "'";
  const Finished finished = run(command);
  EXPECT_EQ(finished.code, 126);
  EXPECT_EQ(finished.output,
            "cannot start /bin/sh: Argument list too long (the command has 200004 bytes; a "
            "response file, rspfile, may hold any number)\n");
  EXPECT_EQ(run("/usr/bin/printf " + std::string(200'000, 'a')).code, 126);
}

TEST_F(ProcessRunnerTest, TellsSignalsAsAShellDoes) {
  const std::string killer = script("killer", "#!/bin/sh\nkill -$1 $$\n");
  const Finished killed = run(killer + " KILL");
  EXPECT_EQ(killed.code, 128 + SIGKILL);
  EXPECT_EQ(killed.output, "Killed\n");
  EXPECT_FALSE(killed.interrupted);

  const Finished terminated = run(killer + " TERM");
  EXPECT_EQ(terminated.code, 128 + SIGTERM);
  EXPECT_EQ(terminated.output, "Terminated\n");
  EXPECT_FALSE(terminated.interrupted);

  const Finished broken_pipe = run(killer + " PIPE");
  EXPECT_EQ(broken_pipe.code, 128 + SIGPIPE);
  EXPECT_EQ(broken_pipe.output, "");
}

TEST_F(ProcessRunnerTest, CallsACommandInterruptedAsNinjaDoes) {
  const std::string killer = script("killer", "#!/bin/sh\nkill -$1 $$\n");
  const Finished direct = run(killer + " INT");
  EXPECT_EQ(direct.code, 130);
  EXPECT_TRUE(direct.interrupted);
  EXPECT_EQ(direct.output, "");
  EXPECT_TRUE(run("exit 130").interrupted);
  for (const std::string name : {"INT", "TERM", "HUP"}) {
    EXPECT_TRUE(run("kill -" + name + " $$").interrupted) << name;
  }
  const Finished other = run("kill -USR1 $$");
  EXPECT_EQ(other.code, 128 + SIGUSR1);
  EXPECT_FALSE(other.interrupted);
}

}  // namespace
}  // namespace cntr::engine
