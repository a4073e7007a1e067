#include <signal.h>

#include "process_runner_fixture.h"

namespace cntr::engine {
namespace {

using ::testing::ElementsAre;

class SignalTest : public ProcessRunnerTest, public ::testing::WithParamInterface<int> {};

TEST_P(SignalTest, EndsTheWaitAndThenTheCommands) {
  // It may have been started with nohup.
  ::signal(GetParam(), SIG_DFL);
  make();
  const std::string number = file("number");
  const std::string grandchild = file("grandchild");
  // Traps tell which signal it was.
  runner_->start({1,
                  "for s in INT TERM HUP; do trap \"echo $s >" + file("trapped") +
                      "; exit\" $s; done; echo $$ >" + number + "; sleep 100 & echo $! >" +
                      grandchild + "; touch " + file("ready") + "; wait",
                  false});
  wait_for_file(file("ready"));
  kill(getpid(), GetParam());
  EXPECT_FALSE(runner_->wait(false));
  EXPECT_TRUE(runner_->interrupted());
  EXPECT_EQ(runner_->signal(), GetParam());
  EXPECT_THAT(runner_->running(), ElementsAre(1));

  runner_->abort();
  EXPECT_THAT(runner_->running(), ElementsAre());
  EXPECT_TRUE(is_gone(std::stoi(read_file(number))));
  EXPECT_EQ(read_file(file("trapped")), std::string(sigabbrev_np(GetParam())) + "\n");
}

INSTANTIATE_TEST_SUITE_P(Each, SignalTest, ::testing::Values(SIGINT, SIGTERM, SIGHUP));

TEST_F(ProcessRunnerTest, IgnoresAHangupThatIsIgnored) {
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  struct sigaction old;
  sigaction(SIGHUP, &ignore, &old);
  make();
  kill(getpid(), SIGHUP);
  EXPECT_EQ(run("exit 1").code, 1);
  EXPECT_FALSE(runner_->interrupted());
  runner_.reset();
  sigaction(SIGHUP, &old, nullptr);
}

TEST_F(ProcessRunnerTest, ReapsThoughChildrenAreIgnored) {
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  struct sigaction old;
  sigaction(SIGCHLD, &ignore, &old);
  make();
  EXPECT_EQ(run("exit 9").code, 9);
  runner_.reset();
  struct sigaction restored;
  sigaction(SIGCHLD, &old, &restored);
  EXPECT_EQ(restored.sa_handler, SIG_IGN);
}

TEST_F(ProcessRunnerTest, AbortEndsWholeProcessGroups) {
  make();
  runner_->start(
      {1, "sleep 100 & echo $! >" + file("grandchild") + "; touch " + file("ready") + "; wait",
       false});
  runner_->start({2, "sleep 101", false});
  wait_for_file(file("ready"));
  const pid_t grandchild = std::stoi(read_file(file("grandchild")));
  runner_->abort();
  EXPECT_THAT(runner_->running(), ElementsAre());
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);  // ECHILD: all are reaped
  for (int i = 0; i < 1000 && !is_gone(grandchild); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_TRUE(is_gone(grandchild));
}

TEST_F(ProcessRunnerTest, AbortLetsCommandsCleanUpAndPrint) {
  make();
  runner_->start({1,
                  "trap 'head -c 1000000 /dev/zero; touch " + file("cleaned") +
                      "; exit' TERM; touch " + file("ready") + "; while :; do sleep 0.01; done",
                  false});
  wait_for_file(file("ready"));
  runner_->abort();
  EXPECT_TRUE(exists(file("cleaned")));
}

TEST_F(ProcessRunnerTest, AbortEndsStoppedCommands) {
  make();
  runner_->start({1, "touch " + file("ready") + "; kill -STOP $$", false});
  wait_for_file(file("ready"));
  runner_->abort();
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
}

TEST_F(ProcessRunnerTest, AbortEndsConsoleCommands) {
  make();
  runner_->start({1, "exec sleep 100", true});
  runner_->abort();
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
}

TEST_F(ProcessRunnerTest, SecondSignalKillsWhatDoesNotListen) {
  make();
  runner_->start(
      {1, "trap '' INT TERM; touch " + file("ready") + "; while :; do sleep 0.05; done", false});
  wait_for_file(file("ready"));
  kill(getpid(), SIGINT);
  EXPECT_FALSE(runner_->wait(false));
  std::thread impatient([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    kill(getpid(), SIGINT);
  });
  runner_->abort();
  impatient.join();
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
}

TEST_F(ProcessRunnerTest, DestructionAborts) {
  make();
  runner_->start({1, "sleep 100", false});
  runner_.reset();
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
}

}  // namespace
}  // namespace cntr::engine
