#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#include <atomic>
#include <functional>
#include <limits>
#include <map>

#include "base/process.h"
#include "base/stop_request.h"
#include "process_runner_fixture.h"

namespace cntr::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

// Jobs by the command that they stand for.
class NamedJobs : public Jobs {
 public:
  std::optional<Job> find(const std::string& command) override {
    const auto found = jobs_.find(command);
    return found == jobs_.end() ? std::nullopt : std::optional(found->second);
  }
  std::map<std::string, Job> jobs_;
};

Job::End ends(int code, const std::string& output) { return {code, output, false}; }

class RunnerWithJobsTest : public ProcessRunnerTest {
 protected:
  RunnerWithJobsTest() { options_.jobs = &jobs_; }
  ~RunnerWithJobsTest() override { runner_.reset(); }

  void add(const std::string& command, std::function<Job::End()> run, std::string then = "") {
    jobs_.jobs_[command] = {std::move(run), std::move(then)};
  }
  // A job that says that it runs, and ends when it is told to.
  void add_waiting(const std::string& command) {
    add(command, [this] {
      ++running_;
      while (!go_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      return ends(0, "");
    });
  }
  // A job that runs a process until it is asked to stop.
  void add_process(const std::string& command, const std::string& script) {
    add(command, [script] {
      Command shell;
      shell.argv = {"/bin/sh", "-c", script};
      shell.environment = {"PATH=/usr/bin:/bin"};
      const ExitStatus status = run_process(shell, {}, nullptr);
      return ends(status.interrupted ? 130 : status.code, "");
    });
  }
  void wait_for_running(int count) {
    while (running_ < count) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

  NamedJobs jobs_;
  std::atomic<int> running_ = 0;
  std::atomic<bool> go_ = false;
};

TEST_F(RunnerWithJobsTest, RunsAJobInsteadOfItsCommand) {
  const pid_t own = getpid();
  add("false", [own] { return ends(3, getpid() == own ? "here\n" : "elsewhere\n"); });
  const Finished finished = run("false");
  EXPECT_EQ(finished.edge, 7u);
  EXPECT_EQ(finished.code, 3);
  EXPECT_EQ(finished.output, "here\n");
  EXPECT_FALSE(finished.interrupted);
  EXPECT_EQ(run("exit 4").code, 4);
}

TEST_F(RunnerWithJobsTest, AJobThatIsDeclinedBecomesAProcess) {
  add("echo process", [] { return Job::End{0, "dropped", true}; });
  EXPECT_EQ(output("echo process"), "process\n");
}

TEST_F(RunnerWithJobsTest, WhatFollowsAJobRunsWhenItSucceeds) {
  add(
      "a", [] { return ends(0, "job\n"); }, "echo then; exit 5");
  const Finished finished = run("a");
  EXPECT_EQ(finished.output, "job\nthen\n");
  EXPECT_EQ(finished.code, 5);
  add(
      "b", [] { return ends(2, "failed\n"); }, "echo then");
  EXPECT_EQ(run("b").code, 2);
  EXPECT_EQ(output("b"), "failed\n");
}

TEST_F(RunnerWithJobsTest, ACommandWithTheConsoleIsNoJob) {
  add("exit 6", [] { return ends(0, ""); });
  EXPECT_EQ(run("exit 6", /*console=*/true).code, 6);
}

TEST_F(RunnerWithJobsTest, JobsCountAsCommandsThatRun) {
  make(3);
  add_waiting("job");
  runner_->start({1, "job", false});
  runner_->start({2, "sleep 100", false});
  EXPECT_EQ(runner_->capacity(), 1u);
  runner_->start({3, "job", false});
  EXPECT_EQ(runner_->capacity(), 0u);
  EXPECT_THAT(runner_->running(), UnorderedElementsAre(1, 2, 3));
  wait_for_running(2);
  go_ = true;
  const ninja::EdgeId first = runner_->wait(false)->edge;
  const ninja::EdgeId second = runner_->wait(false)->edge;
  EXPECT_EQ(first + second, 4u);
  EXPECT_EQ(runner_->capacity(), 2u);
  EXPECT_THAT(runner_->running(), ElementsAre(2));
}

TEST_F(RunnerWithJobsTest, OneCommandMayAlwaysRunAndAJobIsOne) {
  options_.max_load = std::numeric_limits<double>::min();
  make(4);
  add_waiting("job");
  runner_->start({1, "job", false});
  EXPECT_EQ(runner_->capacity(), 0u);
  go_ = true;
  EXPECT_TRUE(runner_->wait(false));
  EXPECT_EQ(runner_->capacity(), 1u);
}

TEST_F(RunnerWithJobsTest, RunsManyJobsAndProcessesAtOnce) {
  make(16);
  add("job", [] { return ends(1, "j"); });
  add(
      "both", [] { return ends(0, "b"); }, "/usr/bin/printf t");
  const std::vector<std::string> commands = {"job", "both", "/usr/bin/printf p"};
  std::map<std::string, int> outputs;
  size_t started = 0;
  for (size_t ended = 0; ended < 300; ++ended) {
    for (; started < 300 && runner_->capacity() > 0; ++started) {
      runner_->start({static_cast<ninja::EdgeId>(started), commands[started % 3], false});
    }
    ASSERT_LE(runner_->running().size(), 16u);
    ++outputs[runner_->wait(false).value().output];
  }
  EXPECT_EQ(outputs, (std::map<std::string, int>{{"j", 100}, {"bt", 100}, {"p", 100}}));
}

TEST_F(RunnerWithJobsTest, ASignalInterruptsAJobAndItsProcess) {
  add_process("job", "echo $$ >" + file("pid") + "; touch " + file("ready") + "; exec sleep 100");
  make();
  runner_->start({1, "job", false});
  wait_for_file(file("ready"));
  kill(getpid(), SIGTERM);
  EXPECT_FALSE(runner_->wait(false));
  EXPECT_TRUE(runner_->interrupted());
  EXPECT_THAT(runner_->running(), ElementsAre(1));
  runner_->abort();
  EXPECT_THAT(runner_->running(), ElementsAre());
  EXPECT_TRUE(is_gone(std::stoi(read_file(file("pid")))));
}

TEST_F(RunnerWithJobsTest, ASecondSignalKillsTheProcessOfAJob) {
  add_process("job", "trap 'touch " + file("asked") + "' TERM; touch " + file("ready") +
                         "; while :; do sleep 0.01; done");
  make();
  runner_->start({1, "job", false});
  wait_for_file(file("ready"));
  kill(getpid(), SIGINT);
  EXPECT_FALSE(runner_->wait(false));
  std::thread impatient([this] {
    wait_for_file(file("asked"));
    kill(getpid(), SIGINT);
  });
  const auto before = std::chrono::steady_clock::now();
  runner_->abort();
  impatient.join();
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(1900));
}

TEST_F(RunnerWithJobsTest, AJobThatEndsAsInterruptedInterruptsTheBuild) {
  add("job", [] { return ends(130, ""); });
  EXPECT_TRUE(run("job").interrupted);
}

TEST_F(RunnerWithJobsTest, JobsRunAgainAfterAnAbort) {
  add_process("long", "exec sleep 100");
  add("short", [] {
    throw_if_stopped();
    return ends(0, "done");
  });
  make();
  runner_->start({1, "long", false});
  runner_->abort();
  EXPECT_EQ(output("short"), "done");
}

TEST_F(RunnerWithJobsTest, NothingFollowsAJobThatIsStopped) {
  add(
      "job",
      [this]() -> Job::End {
        ++running_;
        while (true) {
          throw_if_stopped();
          std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
      },
      "touch " + file("then"));
  make();
  runner_->start({1, "job", false});
  wait_for_running(1);
  runner_->abort();
  EXPECT_FALSE(exists(file("then")));
}

TEST_F(RunnerWithJobsTest, AJobHoldsItsJobserverTokenAlsoForWhatFollows) {
  ASSERT_EQ(mkfifo(file("fifo").c_str(), 0600), 0);
  const UniqueFd fifo(open(file("fifo").c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  ASSERT_EQ(write(fifo.get(), "+", 1), 1);
  const std::string flags = " -j2 --jobserver-auth=fifo:" + file("fifo");
  const ScopedVariable makeflags("MAKEFLAGS", flags.c_str());
  options_.use_jobserver = true;
  add_waiting("free");
  add(
      "job", [] { return ends(0, ""); },
      "touch " + file("then") + "; until test -e " + file("go") + "; do sleep 0.01; done");
  make(1);
  char token = 0;
  ASSERT_EQ(runner_->capacity(), 1u);
  runner_->start({1, "free", false});  // takes no token: the first never does
  ASSERT_EQ(runner_->capacity(), 1u);
  runner_->start({2, "job", false});
  std::thread other([this] {
    wait_for_file(file("then"));
    runner_->wake();
  });
  EXPECT_FALSE(runner_->wait(false));
  other.join();
  EXPECT_EQ(read(fifo.get(), &token, 1), -1);
  write_file_atomically(file("go"), "");
  EXPECT_EQ(runner_->wait(false)->edge, 2u);
  EXPECT_EQ(read(fifo.get(), &token, 1), 1);
  go_ = true;
  EXPECT_TRUE(runner_->wait(false));
}

TEST_F(RunnerWithJobsTest, WithFewDescriptorsAJobIsAProcess) {
  rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  rlimit low = limit;
  low.rlim_cur = 60;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  add("echo process", [] { return ends(0, "job\n"); });
  EXPECT_EQ(output("echo process"), "process\n");
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

}  // namespace
}  // namespace cntr::engine
