// .dockerignore: the rules of Docker's documentation, one by one.
#include "image/ignore_patterns.h"

#include <gtest/gtest.h>

#include "tree_listing.h"

namespace cntr::image {
namespace {

bool ignores(const std::string& text, const std::string& path) {
  return IgnorePatterns::parse(text, "/c/.dockerignore").ignores(path);
}

std::string message(const std::string& text) {
  return message_of([&] { IgnorePatterns::parse(text, "/c/.dockerignore"); });
}

TEST(IgnorePatterns, NamesAreTakenFromTheContext) {
  EXPECT_TRUE(ignores("temp", "temp"));
  EXPECT_TRUE(ignores("temp", "temp/a/b"));
  EXPECT_FALSE(ignores("temp", "a/temp"));
  EXPECT_FALSE(ignores("temp", "temporary"));
  EXPECT_TRUE(ignores("/temp/", "temp"));
  EXPECT_TRUE(ignores("a/../temp", "temp"));
  EXPECT_TRUE(ignores("./a//b", "a/b"));
  EXPECT_FALSE(ignores("../temp", "temp"));
  EXPECT_FALSE(ignores(".", "temp"));
  EXPECT_FALSE(ignores("/", "temp"));
}

TEST(IgnorePatterns, Wildcards) {
  EXPECT_TRUE(ignores("*/temp*", "some/temporary.txt"));
  EXPECT_TRUE(ignores("*/temp*", "some/temp/x"));
  EXPECT_FALSE(ignores("*/temp*", "temporary.txt"));
  EXPECT_FALSE(ignores("*/temp*", "some/sub/temporary.txt"));
  EXPECT_TRUE(ignores("temp?", "tempa"));
  EXPECT_TRUE(ignores("temp?", "temp\xc3\xa4"));  // one character of two bytes
  EXPECT_FALSE(ignores("temp?", "temp"));
  EXPECT_FALSE(ignores("a?b", "a/b"));
  EXPECT_TRUE(ignores("*", "a/b"));
  EXPECT_TRUE(ignores("[a-c]x", "bx"));
  EXPECT_FALSE(ignores("[^a-c]x", "bx"));
  EXPECT_TRUE(ignores("[\\]]", "]"));
  EXPECT_TRUE(ignores("\\*", "*"));
  EXPECT_FALSE(ignores("\\*", "a"));
  EXPECT_TRUE(ignores("a.b", "a.b"));
  EXPECT_FALSE(ignores("a.b", "axb"));
}

TEST(IgnorePatterns, TwoStars) {
  for (const char* const path : {"x.go", "a/x.go", "a/b/c/x.go"}) {
    EXPECT_TRUE(ignores("**/*.go", path)) << path;
  }
  EXPECT_FALSE(ignores("**/*.go", "x.goa"));
  EXPECT_FALSE(ignores("**/b", "ab"));
  EXPECT_TRUE(ignores("a/**/b", "a/b"));
  EXPECT_TRUE(ignores("a/**/b", "a/x/y/b"));
  EXPECT_FALSE(ignores("a/**/b", "a/xb"));
  EXPECT_TRUE(ignores("a/**", "a/x/y"));
  EXPECT_TRUE(ignores("**", "anything/at/all"));
  EXPECT_TRUE(ignores("**/a/**/b", "x/a/y/b/z"));
}

TEST(IgnorePatterns, TheLastThatMatchesDecides) {
  EXPECT_FALSE(ignores("*.md\n!README.md", "README.md"));
  EXPECT_TRUE(ignores("*.md\n!README*.md\nREADME-secret.md", "README-secret.md"));
  EXPECT_FALSE(ignores("*.md\nREADME-secret.md\n!README*.md", "README-secret.md"));
  EXPECT_FALSE(ignores("dir\n!dir/keep", "dir/keep"));
  EXPECT_FALSE(ignores("dir\n!dir/keep", "dir/keep/file"));
  EXPECT_TRUE(ignores("dir\n!dir/keep", "dir/other"));
  EXPECT_FALSE(ignores("*\n!**/*.txt", "a/b/x.txt"));
  EXPECT_TRUE(IgnorePatterns::parse("a\n! b ", "").has_exceptions());
  EXPECT_FALSE(IgnorePatterns::parse("a\n#!b", "").has_exceptions());
}

TEST(IgnorePatterns, CommentsAndBlanks) {
  EXPECT_FALSE(ignores("#temp", "temp"));
  EXPECT_FALSE(ignores("#temp", "#temp"));
  EXPECT_TRUE(ignores(" #temp", "#temp"));  // only a line that begins with it
  EXPECT_TRUE(ignores("\n\n  temp \t\r\n", "temp"));
  EXPECT_TRUE(ignores("\xef\xbb\xbftemp", "temp"));
}

TEST(IgnorePatterns, BadPatterns) {
  EXPECT_EQ(message("a\n\n[a-"), "/c/.dockerignore:3: Bad pattern \"[a-\": a [ without its ]");
  EXPECT_EQ(message("!"), "/c/.dockerignore:1: Bad pattern \"!\": there is nothing after the !");
  EXPECT_EQ(message("x[]"), "/c/.dockerignore:1: Bad pattern \"x[]\": an empty []");
  EXPECT_EQ(message("[-a]"), "/c/.dockerignore:1: Bad pattern \"[-a]\": a - without its beginning");
  EXPECT_EQ(message("[a-]"), "/c/.dockerignore:1: Bad pattern \"[a-]\": a - without its end");
  EXPECT_EQ(message("a\\"), "/c/.dockerignore:1: Bad pattern \"a\\\\\": a \\ at the end");
}

TEST(IgnorePatterns, TimeDoesNotExplode) {
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "*a**/";
  EXPECT_TRUE(ignores(pattern, std::string(500, 'a')));
  EXPECT_FALSE(ignores(pattern + "b", std::string(500, 'a')));
}

}  // namespace
}  // namespace cntr::image
