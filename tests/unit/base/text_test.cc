#include "base/text.h"

#include <gtest/gtest.h>

namespace cntr {
namespace {

TEST(Text, JoinAndSplitAreInverse) {
  EXPECT_EQ(join({"a", "", "b"}, ", "), "a, , b");
  EXPECT_EQ(split("a::b", ':'), (std::vector<std::string>{"a", "", "b"}));
  EXPECT_EQ(split("", ':'), std::vector<std::string>{""});
}

TEST(Text, ShellQuotingLeavesPlainWordsAlone) {
  EXPECT_EQ(shell_quoted("a/b-c.d_e=1:2,3@4%5+6"), "a/b-c.d_e=1:2,3@4%5+6");
  EXPECT_EQ(shell_quoted(""), "''");
  EXPECT_EQ(shell_quoted("a b"), "'a b'");
  EXPECT_EQ(shell_quoted("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_quoted("$x"), "'$x'");
  EXPECT_EQ(shell_quoted(std::vector<std::string>{"a", "b c"}), "a 'b c'");
}

TEST(Text, QuotedIsOneLineAndUnambiguous) {
  EXPECT_EQ(quote("a\"b\\c\nd\te\rf"), R"("a\"b\\c\nd\te\rf")");
  EXPECT_EQ(quote(std::string("\0\x7f\xff", 3)), R"("\x00\x7f\xff")");
  EXPECT_EQ(quote("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"),
            "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"");
}

TEST(Text, WhatIsPrintedCannotControlTheTerminal) {
  EXPECT_EQ(printable("a\tb \"c\" \\ \xc3\xa4"), "a\tb \"c\" \\ \xc3\xa4");
  EXPECT_EQ(printable("\x1b[1;31merror\x1b[0m\x1b[m: x"), "error: x");
  EXPECT_EQ(printable("\x1b[2J\x1b]0;t\a\r\n\x7f"), "\\x1b[2J\\x1b]0;t\\x07\\x0d\\x0a\\x7f");
  EXPECT_EQ(printable("\xc2\x9b"
                      "2J\xc2\xa0\x9b\x1b["),
            "\\xc2\\x9b"
            "2J\xc2\xa0\\x9b\\x1b[");
  EXPECT_EQ(printable(""), "");
}

TEST(Text, Utf8SequencesAreStrict) {
  EXPECT_EQ(utf8_sequence_length("a"), 1U);
  EXPECT_EQ(utf8_sequence_length("\xc3\xa4"), 2U);
  EXPECT_EQ(utf8_sequence_length("\xe2\x82\xac"), 3U);
  EXPECT_EQ(utf8_sequence_length("\xf0\x9f\x98\x80"), 4U);
  for (const char* bad : {"", "\x80", "\xc0\xaf", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80",
                          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82"}) {
    EXPECT_EQ(utf8_sequence_length(bad), 0U) << quote(bad);
  }
}

}  // namespace
}  // namespace cntr
