// The host runner: no isolation, but nothing is left behind.
#include "runner/host.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>

#include "base/text.h"
#include "sandbox_test.h"

namespace cntr::runner {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

class HostTest : public SandboxTest {
 protected:
  Sandbox step(const std::vector<std::string>& argv) {
    Sandbox step = sandbox(argv);
    step.root.reset();
    step.environment = {"PATH=/usr/bin:/bin", "A=b c"};
    step.directory = step.work_directory + "/build";
    return step;
  }
  Sandbox script(const std::string& text) { return step({"sh", "-c", text}); }
  // A process that has left its parent, its group and its session, and ignores what it can.
  static std::string daemon(const std::string& word) {
    return "(setsid sh -c 'trap \"\" TERM HUP INT; (sleep 1000; : " + word +
           ") & echo > started; wait' </dev/null >/dev/null 2>&1 &);"
           "while ! test -e started; do sleep 0.01; done;";
  }
  Outcome run(const Sandbox& sandbox, const RunLimits& limits = {}) {
    return SandboxTest::run(Kind::kHost, sandbox, limits);
  }
};

TEST_F(HostTest, ArgumentsVariablesAndDirectory) {
  EXPECT_EQ(run(step({"printf", "[%s]", "", "\xff", "--", "-n"})).out, "[][\xff][--][-n]");
  Sandbox env = step({"env"});
  EXPECT_EQ(run(env).out, "PATH=/usr/bin:/bin\nA=b c\nPWD=" + env.directory + "\n");
  Sandbox pwd = step({"pwd", "-P"});
  EXPECT_EQ(run(pwd).out, pwd.directory + "\n");
}

TEST_F(HostTest, ExitCodesAndSignalsAreTheSteps) {
  for (int code = 0; code < 256; code += 5) {
    EXPECT_EQ(run(script("exit " + std::to_string(code))).status, (ExitStatus{.code = code}));
  }
  EXPECT_EQ(run(script("kill -SEGV $$")).status, (ExitStatus{.code = 139, .signal = SIGSEGV}));
  EXPECT_EQ(run(script("kill -KILL $$")).status, (ExitStatus{.code = 137, .signal = SIGKILL}));
  EXPECT_EQ(run(script("kill -TERM $$")).status, (ExitStatus{.code = 143, .signal = SIGTERM}));
}

TEST_F(HostTest, AMissingCommandIsTheStepsFailure) {
  const Outcome missing = run(step({"no-such-program"}));
  EXPECT_EQ(missing.status.code, 127);
  EXPECT_EQ(missing.err,
            "cntr-supervisor: cannot start no-such-program: No such file or directory\n");
  EXPECT_TRUE(missing.err.starts_with(runner_of(Kind::kHost).complaint_of_program()));
  EXPECT_EQ(runner_of(Kind::kHost).start_failure(missing.status, missing.err), std::nullopt);
  EXPECT_EQ(run(step({"/etc/passwd"})).status.code, 126);
}

TEST_F(HostTest, ADaemonIsGoneAtTheEnd) {
  const std::string word = marker("daemon");
  EXPECT_EQ(run(script(daemon(word) + "exit 3")).status.code, 3);
  EXPECT_FALSE(process_with(word));
}

TEST_F(HostTest, ADaemonIsGoneAtTheTimeLimit) {
  const std::string word = marker("daemon");
  const Outcome outcome = run(script(daemon(word) + "sleep 1000"), {.timeout = milliseconds(500)});
  EXPECT_EQ(outcome.status, (ExitStatus{.code = 143, .signal = SIGTERM, .timed_out = true}));
  EXPECT_FALSE(process_with(word));
}

TEST_F(HostTest, ACommandThatIgnoresTheTimeLimitIsKilled) {
  const std::string word = marker("stubborn");
  const Outcome outcome =
      run(script("trap '' TERM; " + daemon(word) + "while :; do sleep 0.1; done"),
          {.timeout = milliseconds(300)});
  EXPECT_TRUE(outcome.status.timed_out);
  EXPECT_EQ(outcome.status.signal, SIGKILL);
  EXPECT_TRUE(eventually([&] { return !process_with(word); }));
}

TEST_F(HostTest, ACommandMayTidyUpAtTheTimeLimit) {
  const Outcome outcome = run(script("trap 'echo tidy; exit 7' TERM; while :; do sleep 0.05; done"),
                              {.timeout = milliseconds(300)});
  EXPECT_EQ(outcome.status, (ExitStatus{.code = 7, .timed_out = true}));
  EXPECT_EQ(outcome.out, "tidy\n");
}

TEST_F(HostTest, AShellHasTheTerminalAndItsJobs) {
  const Outcome outcome =
      run_at_terminal(Kind::kHost, step({"sh", "-i"}),
                      {"test -t 0 && echo $((6 * 7))\n", "sleep 100\n\x03", "jobs; exit 5\n"});
  EXPECT_EQ(outcome.status.code, 5) << outcome.out;
  EXPECT_THAT(outcome.out, HasSubstr("\n42\r"));
  EXPECT_THAT(outcome.out, ::testing::Not(HasSubstr("job control")));
}

TEST_F(HostTest, NothingOutlivesAKilledCaller) {
  const std::string word = marker("killed");
  Sandbox step = script(daemon(word) + "echo > ready; sleep 1000; : " + word);
  kill_runner_of(Kind::kHost, step, [&] { return exists(step.directory + "/ready"); });
  EXPECT_TRUE(eventually([&] { return !process_with(word); }));
}

}  // namespace
}  // namespace cntr::runner
