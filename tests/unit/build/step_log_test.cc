#include "build/step_log.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace cntr::build {
namespace {

class StepLogTest : public testing::Test {
 protected:
  StepLogTest() {
    step_.name = "probe";
    step_.binary_dir = "/b";
  }

  void print(const std::string& text) {
    log_.begin_attempt(root_.path());
    log_.out()(text);
    log_.end_attempt();
  }

  // The lines of the log that the report shows.
  std::string shown() {
    const std::string report = log_.failure_report("exit code 1", {});
    const std::string head = "step probe failed: exit code 1";
    EXPECT_TRUE(report.starts_with(head));
    return report.substr(head.size(), report.find("\n  Whole log: ") - head.size());
  }

  TemporaryDirectory root_{testing::TempDir(), "step-log-"};
  std::string path_ = root_.path() + "/log";
  spec::Step step_;
  StepLog log_{step_, path_, {}, [](std::string_view) {}};
};

TEST_F(StepLogTest, TheLastTwentyLinesAreShown) {
  EXPECT_EQ(shown(), "");
  std::string text;
  for (int i = 1; i <= 30; ++i) text += std::to_string(i) + "\n";
  print(text);
  std::string expected;
  for (int i = 11; i <= 30; ++i) expected += "\n  | " + std::to_string(i);
  EXPECT_EQ(shown(), expected);
}

TEST_F(StepLogTest, OnlyTheEndOfAHugeLogIsRead) {
  ASSERT_EQ(truncate(path_.c_str(), off_t{1} << 40), 0);
  append_line(path_, "\nlast");
  const std::string lines = shown();
  EXPECT_TRUE(lines.starts_with("\n  | ...")) << lines.substr(0, 40);
  EXPECT_TRUE(lines.ends_with("\n  | last"));
}

TEST_F(StepLogTest, ControlCharactersAreShownNotObeyed) {
  print("\x1b[31mred\x1b[0m\ttab\n\x1b[2Jcleared\n 10%\r 99%\r100%\r\n");
  EXPECT_EQ(shown(), "\n  | red\ttab\n  | \\x1b[2Jcleared\n  | 100%");
  EXPECT_EQ(read_file(path_), "\x1b[31mred\x1b[0m\ttab\n\x1b[2Jcleared\n 10%\r 99%\r100%\r\n");
}

}  // namespace
}  // namespace cntr::build
