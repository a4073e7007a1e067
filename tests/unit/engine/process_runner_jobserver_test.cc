#include <fcntl.h>

#include "process_runner_fixture.h"

namespace cntr::engine {
namespace {

using ::testing::ElementsAre;

// A jobserver with tokens to watch.
class RunnerWithJobserverTest : public ProcessRunnerTest {
 protected:
  RunnerWithJobserverTest() {
    EXPECT_EQ(mkfifo(file("fifo").c_str(), 0600), 0);
    fd_ = UniqueFd(open(file("fifo").c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    options_.use_jobserver = true;
    options_.info = [this](const std::string& text) { lines_.push_back("info: " + text); };
    options_.warning = [this](const std::string& text) { lines_.push_back("warning: " + text); };
    options_.error = [this](const std::string& text) { lines_.push_back("error: " + text); };
  }

  void put(const std::string& tokens) {
    EXPECT_EQ(write(fd_.get(), tokens.data(), tokens.size()), static_cast<ssize_t>(tokens.size()));
  }
  std::string take_all() {
    char buffer[64];
    const ssize_t size = read(fd_.get(), buffer, sizeof buffer);
    return {buffer, static_cast<size_t>(size > 0 ? size : 0)};
  }
  // As many as there are tokens for; the -j of the options does not count.
  size_t start_all(const std::string& command) {
    size_t started = 0;
    for (; started < 10 && runner_->capacity() > 0; ++started) {
      runner_->start({static_cast<ninja::EdgeId>(started), command, false});
    }
    return started;
  }

  UniqueFd fd_;
  const std::string makeflags_ = " -j3 --jobserver-auth=fifo:" + file("fifo");
  ScopedVariable variable_{"MAKEFLAGS", makeflags_.c_str()};
  std::vector<std::string> lines_;
};

TEST_F(RunnerWithJobserverTest, StartsOneCommandAndOneMoreForEachToken) {
  put("++");
  make(1);
  EXPECT_THAT(lines_, ElementsAre("info: Jobserver mode detected: " + makeflags_));
  EXPECT_EQ(runner_->capacity(), 1u);
  EXPECT_EQ(start_all("sleep 100"), 3u);
  EXPECT_EQ(take_all(), "");
  runner_->abort();
  EXPECT_EQ(take_all(), "++");
}

TEST_F(RunnerWithJobserverTest, GivesTokensBackWhenCommandsEnd) {
  put("ab");
  make(1);
  EXPECT_EQ(start_all("cat /dev/null"), 3u);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(runner_->wait(false));
  const std::string tokens = take_all();
  EXPECT_TRUE(tokens == "ab" || tokens == "ba") << tokens;
}

TEST_F(RunnerWithJobserverTest, GivesTokensBackWhenItGoesAway) {
  put("+");
  make(1);
  EXPECT_EQ(start_all("sleep 100"), 2u);
  runner_.reset();
  EXPECT_EQ(take_all(), "+");
}

TEST_F(RunnerWithJobserverTest, KeepsNoTokenThatItDoesNotUse) {
  put("+");
  make(1);
  EXPECT_EQ(runner_->capacity(), 1u);
  runner_->start({1, "sleep 0.1", false});
  EXPECT_EQ(runner_->capacity(), 1u);
  EXPECT_EQ(take_all(), "");
  EXPECT_TRUE(runner_->wait(false));
  EXPECT_EQ(take_all(), "+");
}

TEST_F(RunnerWithJobserverTest, WakesUpForATokenOnlyWhenAsked) {
  make(1);
  EXPECT_EQ(start_all("sleep 0.3"), 1u);
  put("+");
  EXPECT_FALSE(runner_->wait(true));
  EXPECT_EQ(runner_->capacity(), 1u);
  EXPECT_TRUE(runner_->wait(false));
  EXPECT_EQ(take_all(), "+");
}

TEST_F(RunnerWithJobserverTest, GoesOnWithoutOneThatCannotBeUsed) {
  {
    ScopedVariable pipe("MAKEFLAGS", " -j3 --jobserver-auth=3,4");
    make(5);
    EXPECT_THAT(lines_, ElementsAre("warning: Ignoring jobserver: Pipe-based protocol is not "
                                    "supported! [ -j3 --jobserver-auth=3,4]"));
    EXPECT_EQ(runner_->capacity(), 5u);
  }
  lines_.clear();
  ScopedVariable missing("MAKEFLAGS", " --jobserver-auth=fifo:/no/fifo");
  make(5);
  EXPECT_THAT(lines_, ElementsAre("info: Jobserver mode detected:  --jobserver-auth=fifo:/no/fifo",
                                  "error: Could not initialize jobserver: cannot open \"/no/fifo\" "
                                  "for reading: No such file or directory"));
  EXPECT_EQ(runner_->capacity(), 5u);
}

TEST_F(RunnerWithJobserverTest, IsNotLookedForUnlessAsked) {
  options_.use_jobserver = false;
  make(5);
  EXPECT_THAT(lines_, ElementsAre());
  EXPECT_EQ(runner_->capacity(), 5u);
}

}  // namespace
}  // namespace cntr::engine
