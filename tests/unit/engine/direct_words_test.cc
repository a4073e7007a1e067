#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/process.h"
#include "base/text.h"
#include "engine/command_runner.h"

namespace cntr::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;

TEST(DirectWordsTest, SplitsAtBlanks) {
  EXPECT_THAT(direct_words("cc -c a.c"), Optional(ElementsAre("cc", "-c", "a.c")));
  EXPECT_THAT(direct_words("  cc \t-c   a.c  "), Optional(ElementsAre("cc", "-c", "a.c")));
  EXPECT_THAT(direct_words("cc"), Optional(ElementsAre("cc")));
}

TEST(DirectWordsTest, TakesQuotesOff) {
  EXPECT_THAT(direct_words(R"(cc '-DA="b c"' "-DB='$'" d)"), std::nullopt);
  EXPECT_THAT(direct_words(R"(cc '-DA="b $c"' "-DB='c d'" e\ f)"),
              Optional(ElementsAre("cc", R"(-DA="b $c")", "-DB='c d'", "e f")));
  EXPECT_THAT(direct_words(R"(cc -DA=\"b\" "\"c\\d\e\$")"),
              Optional(ElementsAre("cc", R"(-DA="b")", R"("c\d\e$)")));
  EXPECT_THAT(direct_words("cc '' \"\" a''b"), Optional(ElementsAre("cc", "", "", "ab")));
  EXPECT_THAT(direct_words("cc 'a\nb'"), Optional(ElementsAre("cc", "a\nb")));
  EXPECT_THAT(direct_words("'/my dir/cc' a"), Optional(ElementsAre("/my dir/cc", "a")));
}

TEST(DirectWordsTest, TakesAHashInsideAWord) {
  EXPECT_THAT(direct_words("cc a#b \\#c '#d'"), Optional(ElementsAre("cc", "a#b", "#c", "#d")));
  EXPECT_EQ(direct_words("cc #a"), std::nullopt);
}

class ShellSyntaxTest : public ::testing::TestWithParam<const char*> {};

TEST_P(ShellSyntaxTest, IsLeftToTheShell) { EXPECT_EQ(direct_words(GetParam()), std::nullopt); }

INSTANTIATE_TEST_SUITE_P(Each, ShellSyntaxTest,
                         ::testing::Values("", " ", "cc a;", "cc a && cc b", "cc | cat", "cc &",
                                           "(cc)", "cc > a", "cc 2>&1", "cc < a", "cc $A",
                                           "cc \"$A\"", "cc `a`", "cc \"`a`\"", "cc *.c", "cc a?c",
                                           "cc [a]", "cc ~/a", "cc a:~", "cc {a,b}", "cc a\ncc b",
                                           "cc a\\\nb", "cc \"a\\\nb\"", "cc 'a", "cc \"a",
                                           "cc \"a\\", "cc a\\", "! cc", "A=b cc", "A=b", "'A'=b",
                                           "%1", "''", "cd a", "echo a", "'echo' a", "e\\cho a",
                                           "exit 3", ". a", ": a", "[ a ]", "test a", "if a",
                                           "time cc", "exec cc", "ulimit -n"));

TEST(DirectWordsTest, LeavesZeroBytesToTheShell) {
  using std::string_view_literals::operator""sv;
  EXPECT_EQ(direct_words("cc a\0b"sv), std::nullopt);
  EXPECT_EQ(direct_words("cc 'a\0b'"sv), std::nullopt);
  EXPECT_EQ(direct_words("cc \"a\0b\""sv), std::nullopt);
  EXPECT_EQ(direct_words("cc \\\0"sv), std::nullopt);
}

TEST(DirectWordsTest, LeavesBuiltinsAloneButNotTheirPaths) {
  EXPECT_EQ(direct_words("printf a"), std::nullopt);
  EXPECT_THAT(direct_words("/usr/bin/printf a"), Optional(ElementsAre("/usr/bin/printf", "a")));
}

// Random commands of what quoting is made of. They start with "words", a function of the script
// that prints them: so the shell splits them itself, and nothing dangerous can be executed.
class RandomCommands {
 public:
  std::string next() {
    std::string command = "words ";
    const size_t size = number(1, 12);
    for (size_t i = 0; i < size; ++i) command += piece();
    return command;
  }

 private:
  size_t number(size_t low, size_t high) {
    return std::uniform_int_distribution<size_t>(low, high)(random_);
  }

  std::string piece() {
    // A `'` before the first of these may take its quotes off: then it is a mistake, and the shell
    // executes nothing.
    static constexpr std::string_view kCharacters =
        "ab=:,.-+/@%^!#]}~{*?[\\\\\\'\"\" \t$\r\v\f\x01";
    switch (number(0, 9)) {
      case 0:
        return "'a ;|&>$b\n'";
      case 1:
        return std::string(1, static_cast<char>(number(0x7f, 0xff)));
      case 2:
        return "\"a 'b' \\\" \\\\ \\x\"";
      case 3:
        return "ä\u2014\U0001f600";
      default:
        return std::string(1, kCharacters[number(0, kCharacters.size() - 1)]);
    }
  }

  std::mt19937 random_{20240501};
};

// The words that /bin/sh makes of each command; a piece of the vector is empty where the shell
// found a mistake.
std::vector<std::string> split_by_shell(const std::vector<std::string>& commands) {
  std::string script = "words() { printf '<%s>' \"$@\"; }\n";
  for (const std::string& command : commands) {
    // eval in a subshell: a mistake in one does not end the script.
    script += "(eval " + shell_quoted(command) + ") 2>/dev/null\nprintf '\\0'\n";
  }
  const Captured captured = capture_process({"/bin/sh", "-c", script});
  std::vector<std::string> results = split(captured.out, '\0');
  results.pop_back();
  return results;
}

TEST(DirectWordsTest, AgreesWithTheShellWhereverItAnswers) {
  RandomCommands random;
  size_t answered = 0;
  for (int round = 0; round < 100; ++round) {
    std::vector<std::string> commands;
    for (int i = 0; i < 100; ++i) commands.push_back(random.next());
    const std::vector<std::string> expected = split_by_shell(commands);
    ASSERT_EQ(expected.size(), commands.size());
    for (size_t i = 0; i < commands.size(); ++i) {
      const auto words = direct_words(commands[i]);
      if (!words) continue;
      ++answered;
      std::string printed;
      for (size_t w = 1; w < words->size(); ++w) printed += "<" + (*words)[w] + ">";
      if (words->size() == 1) printed = "<>";  // printf without an argument
      EXPECT_EQ(printed, expected[i]) << escaped(commands[i]);
    }
  }
  // Otherwise it has shown nothing.
  EXPECT_GT(answered, 1000u);
}

}  // namespace
}  // namespace cntr::engine
