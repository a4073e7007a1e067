#include <fcntl.h>
#include <sys/resource.h>

#include <atomic>
#include <limits>

#include "base/error.h"
#include "base/text.h"
#include "process_runner_fixture.h"

namespace cntr::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

TEST_F(ProcessRunnerTest, ReturnsWhatACommandPrintsAndItsCode) {
  const Finished finished = run("echo a; echo b >&2; echo c; exit 3");
  EXPECT_EQ(finished.edge, 7u);
  EXPECT_EQ(finished.output, "a\nb\nc\n");
  EXPECT_EQ(finished.code, 3);
  EXPECT_FALSE(finished.interrupted);
}

TEST_F(ProcessRunnerTest, ReturnsOutputOfAnySize) {
  const Finished finished = run("head -c 3000000 /dev/zero");
  EXPECT_EQ(finished.output.size(), 3'000'000u);
  EXPECT_EQ(output("printf 'a\\000b'"), std::string("a\0b", 3));
}

TEST_F(ProcessRunnerTest, GivesEachCommandItsOwnProcessGroup) {
  // Fields of /proc/self/stat: number, name, state, parent, group.
  const std::vector<std::string> fields = split(output("cat /proc/self/stat"), ' ');
  EXPECT_EQ(fields.at(4), fields.at(0));
  EXPECT_EQ(fields.at(3), std::to_string(getpid()));
}

TEST_F(ProcessRunnerTest, LeavesNoDescriptorOfItsOwnToCommands) {
  make();
  const std::string before = output("ls /proc/self/fd");
  runner_->start({1, "sleep 100", false});
  runner_->start({2, "exec sleep 100 >&-", false});
  EXPECT_EQ(output("ls /proc/self/fd"), before);
}

TEST_F(ProcessRunnerTest, HandsOnDescriptorsThatAreOpenForCommands) {
  const UniqueFd fd(open("/dev/null", O_RDONLY));
  EXPECT_EQ(output("readlink /proc/self/fd/" + std::to_string(fd.get())), "/dev/null\n");
}

TEST_F(ProcessRunnerTest, HandlesSignalsWithoutACommandNoticing) {
  const auto bits = [](const std::string& status, const std::string& kind) {
    return std::stoull(status.substr(status.find("Sig" + kind) + 8), nullptr, 16);
  };
  const std::string own = read_file("/proc/self/status");
  constexpr uint64_t kStopSignals = 1u << (SIGINT - 1) | 1u << (SIGTERM - 1);
  // glibc ignores its own two, 32 and 33, in what it spawns.
  constexpr uint64_t kOfGlibc = 0x180000000;
  make();
  const std::string status = output("cat /proc/self/status");
  EXPECT_EQ(bits(status, "Blk"), bits(own, "Blk"));
  EXPECT_EQ(bits(status, "Cgt"), 0u);
  EXPECT_EQ(bits(status, "Ign") & ~kOfGlibc, bits(own, "Ign") & ~kOfGlibc & ~kStopSignals);
}

TEST_F(ProcessRunnerTest, WaitsForAllThatHoldTheOutput) {
  const Finished finished = run("(sleep 0.2; echo late) & echo early");
  EXPECT_EQ(finished.output, "early\nlate\n");
}

TEST_F(ProcessRunnerTest, WaitsForTheEndOfACommandThatClosedItsOutput) {
  make();
  runner_->start(
      {1, "exec >&- 2>&-; until test -e " + file("go") + "; do sleep 0.01; done; exit 5", false});
  runner_->start({2, "exit 6", false});
  EXPECT_EQ(runner_->wait(false)->code, 6);
  write_file_atomically(file("go"), "");
  EXPECT_EQ(runner_->wait(false)->code, 5);
}

TEST_F(ProcessRunnerTest, RunsCommandsAtOnce) {
  make();
  // Each waits for the other.
  runner_->start(
      {1, "touch " + file("a") + "; until test -e " + file("b") + "; do :; done", false});
  runner_->start(
      {2, "touch " + file("b") + "; until test -e " + file("a") + "; do :; done", false});
  EXPECT_THAT(runner_->running(), UnorderedElementsAre(1, 2));
  EXPECT_EQ(runner_->wait(false)->code, 0);
  EXPECT_EQ(runner_->running().size(), 1u);
  EXPECT_EQ(runner_->wait(false)->code, 0);
  EXPECT_THAT(runner_->running(), ElementsAre());
}

TEST_F(ProcessRunnerTest, RunsManyCommands) {
  make(16);
  size_t started = 0;
  size_t ended = 0;
  while (ended < 300) {
    for (; started < 300 && runner_->capacity() > 0; ++started) {
      runner_->start({static_cast<ninja::EdgeId>(started), "cat /dev/null", false});
    }
    ASSERT_LE(runner_->running().size(), 16u);
    EXPECT_EQ(runner_->wait(false).value().code, 0);
    ++ended;
  }
}

TEST_F(ProcessRunnerTest, HasRoomForAsManyAsItMayRun) {
  make(2);
  EXPECT_EQ(runner_->capacity(), 2u);
  runner_->start({1, "sleep 100", false});
  EXPECT_EQ(runner_->capacity(), 1u);
  runner_->start({2, "sleep 100", false});
  EXPECT_EQ(runner_->capacity(), 0u);
  runner_->abort();
  EXPECT_EQ(runner_->capacity(), 2u);
}

TEST_F(ProcessRunnerTest, KeepsFewerChildrenThanItMayHaveDescriptors) {
  rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  rlimit low = limit;
  low.rlim_cur = 300;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  make(std::numeric_limits<size_t>::max());
  EXPECT_EQ(runner_->capacity(), 172u);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

TEST_F(ProcessRunnerTest, StartsOneCommandWhateverTheLoad) {
  options_.max_load = std::numeric_limits<double>::min();
  make(4);
  EXPECT_EQ(runner_->capacity(), 1u);
  runner_->start({1, "sleep 100", false});
  EXPECT_EQ(runner_->capacity(), 0u);
  options_.max_load = 1e6;
  make(4);
  EXPECT_EQ(runner_->capacity(), 4u);
}

TEST_F(ProcessRunnerTest, ConsoleCommandsHaveTheStreamsAndTheGroupOfTheCaller) {
  make();
  const std::string out = file("out");
  const Finished finished = run(
      "cut -d' ' -f5 /proc/self/stat >" + out + "; readlink /proc/self/fd/2 >>" + out + "; exit 4",
      /*console=*/true);
  EXPECT_EQ(finished.code, 4);
  EXPECT_EQ(finished.output, "");
  const std::string own_stream = read_link("/proc/self/fd/2");
  EXPECT_EQ(read_file(out), std::to_string(getpgrp()) + "\n" + own_stream + "\n");
}

TEST_F(ProcessRunnerTest, DoesNotWaitForWhatAConsoleCommandLeavesBehind) {
  const auto before = std::chrono::steady_clock::now();
  run("sleep 5 &", /*console=*/true);
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(4));
}

TEST_F(ProcessRunnerTest, WakesUpFromAnotherThread) {
  make();
  runner_->start({1, "sleep 100", false});
  std::thread other([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    runner_->wake();
  });
  EXPECT_FALSE(runner_->wait(false));
  other.join();
  EXPECT_FALSE(runner_->interrupted());
}

TEST_F(ProcessRunnerTest, RemembersThatItWasWoken) {
  make();
  runner_->wake();
  EXPECT_FALSE(runner_->wait(false));
  EXPECT_EQ(run("exit 1").code, 1);
}

TEST_F(ProcessRunnerTest, LosesNoWakeUpAmongCommands) {
  make();
  std::atomic<bool> done = false;
  std::thread other([this, &done] {
    for (int i = 0; i < 200; ++i) runner_->wake();
    done = true;
  });
  int ended = 0;
  for (int i = 0; i < 20; ++i) runner_->start({1, "cat /dev/null", false});
  while (ended < 20) ended += runner_->wait(false).has_value() ? 1 : 0;
  other.join();
  EXPECT_TRUE(done);
}

TEST_F(ProcessRunnerTest, SaysWhenNoPipeCanBeMade) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer itself needs a pipe to check an object";
#endif
  make();
  rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  rlimit none = limit;
  none.rlim_cur = 3;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  std::string message;
  try {
    runner_->start({1, "cat", false});
  } catch (const Error& error) {
    message = error.message();
  }
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(message, "cannot make a pipe: Too many open files");
}

}  // namespace
}  // namespace cntr::engine
