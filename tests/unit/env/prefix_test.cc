#include "env/prefix.h"

#include <gmock/gmock.h>

#include "base/error.h"

namespace cntr::env {
namespace {

using testing::HasSubstr;
using namespace std::string_literals;

const std::string kPlace = "/built/in/a/long/place/_placehold_placehold";
const std::string kPrefix = "/opt/env";

std::string replaced(std::string content, FileMode mode, const std::string& prefix = kPrefix) {
  replace_prefix(content, mode, kPlace, prefix);
  return content;
}

std::string utf16(const std::string& text) {
  std::string out;
  for (const char c : text) out += {c, '\0'};
  return out;
}

std::string utf32_big_endian(const std::string& text) {
  std::string out;
  for (const char c : text) out += {'\0', '\0', '\0', c};
  return out;
}

std::string message_of_prefix(const std::string& prefix) {
  try {
    check_prefix(prefix);
  } catch (const Error& error) {
    return error.message();
  }
  return "";
}

TEST(PrefixTest, EveryOccurrenceInATextIsReplaced) {
  EXPECT_EQ(replaced("a=" + kPlace + "/a b=" + kPlace + "\n" + kPlace, FileMode::kText),
            "a=/opt/env/a b=/opt/env\n/opt/env");
  EXPECT_EQ(replaced("nothing", FileMode::kText), "nothing");
}

TEST(PrefixTest, ATextMayGrow) {
  const std::string longer = "/" + std::string(100, 'x');
  EXPECT_EQ(replaced("<" + kPlace + ">", FileMode::kText, longer), "<" + longer + ">");
}

TEST(PrefixTest, SaysWhetherAnythingChanged) {
  std::string content = "x" + kPlace;
  EXPECT_TRUE(replace_prefix(content, FileMode::kText, kPlace, kPrefix));
  EXPECT_FALSE(replace_prefix(content, FileMode::kText, kPlace, kPrefix));
}

TEST(PrefixTest, AStringInABinaryKeepsItsLength) {
  const std::string before = "ELF\0"s + kPlace + "/lib\0next"s;
  const std::string after = "ELF\0/opt/env/lib"s + std::string(kPlace.size() - 8, '\0') + "\0next"s;
  EXPECT_EQ(replaced(before, FileMode::kBinary), after);
  EXPECT_EQ(before.size(), after.size());
}

TEST(PrefixTest, SeveralPrefixesInOneStringArePaddedAtItsEnd) {
  const std::string before = kPlace + "/lib:" + kPlace + "/share\0z"s;
  const std::string pad(2 * (kPlace.size() - kPrefix.size()), '\0');
  EXPECT_EQ(replaced(before, FileMode::kBinary), "/opt/env/lib:/opt/env/share\0"s + pad + "z");
}

// conda's expression asks for the NUL; rattler replaces to the end of the file.
TEST(PrefixTest, AStringWithoutANulIsLeftAloneInABinary) {
  const std::string content = "\0"s + kPlace + "/lib";
  EXPECT_EQ(replaced(content, FileMode::kBinary), content);
}

TEST(PrefixTest, WideStringsAreReplacedAsWell) {
  const std::string before = utf16(kPlace + "/x") + "\0\0end"s;
  const std::string after = replaced(before, FileMode::kBinary);
  EXPECT_EQ(after.size(), before.size());
  EXPECT_EQ(after.substr(0, 20), utf16("/opt/env/x"));
  EXPECT_EQ(after.substr(after.size() - 3), "end");
  EXPECT_EQ(replaced(utf32_big_endian(kPlace), FileMode::kText), utf32_big_endian(kPrefix));
}

TEST(PrefixTest, APrefixThatIsTooLongForABinaryIsAnError) {
  const std::string longer = "/" + std::string(50, 'x');
  try {
    replaced(kPlace + "\0"s, FileMode::kBinary, longer);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "the prefix has 51 bytes, and the package has room for 43");
  }
}

TEST(PrefixTest, AShebangUpTo127BytesStays) {
  const std::string program = "/bin/" + std::string(127 - 2 - 8 - 5, 'p');
  const std::string line = "#!" + kPrefix + program;
  ASSERT_EQ(line.size(), 127U);
  EXPECT_EQ(replaced("#!" + kPlace + program + "\nx\n", FileMode::kText), line + "\nx\n");
}

TEST(PrefixTest, ALongerShebangAsksEnv) {
  const std::string deep = kPrefix + "/" + std::string(110, 'd');
  EXPECT_EQ(replaced("#!" + kPlace + "/bin/python3.11 -I -u\nbody\n", FileMode::kText, deep),
            "#!/usr/bin/env python3.11 -I -u\nbody\n");
  EXPECT_EQ(replaced("#! " + kPlace + "/bin/perl", FileMode::kText, deep), "#!/usr/bin/env perl");
  // The line again, further down, is replaced as well: so does conda.
  const std::string line = "#!" + kPlace + "/bin/sh";
  EXPECT_EQ(replaced(line + "\ncat <<E\n" + line + "\nE\n", FileMode::kText, deep),
            "#!/usr/bin/env sh\ncat <<E\n#!/usr/bin/env sh\nE\n");
}

TEST(PrefixTest, WhatOnlyLooksLikeAShebangStays) {
  const std::string text = " #!" + std::string(200, 'x') + "\n" + kPrefix;
  EXPECT_EQ(replaced(" #!" + std::string(200, 'x') + "\n" + kPlace, FileMode::kText), text);
  const std::string relative = "#!bin/" + std::string(200, 'x');
  EXPECT_EQ(replaced(relative, FileMode::kText), relative);
}

TEST(PrefixTest, GoodPrefixes) {
  EXPECT_EQ(message_of_prefix("/opt/cntr/env"), "");
  EXPECT_EQ(message_of_prefix("/home/ada/envs/a-b_c+d@1.2"), "");
  EXPECT_EQ(message_of_prefix("/home/\xc3\xa4"
                              "da"),
            "");
}

TEST(PrefixTest, BadPrefixes) {
  EXPECT_EQ(message_of_prefix("opt"), "The prefix \"opt\" is not an absolute path");
  EXPECT_EQ(message_of_prefix("/"), "The prefix \"/\" is not a normal path");
  EXPECT_EQ(message_of_prefix("/a//b"), "The prefix \"/a//b\" is not a normal path");
  EXPECT_EQ(message_of_prefix("/a/../b"), "The prefix \"/a/../b\" is not a normal path");
  EXPECT_EQ(message_of_prefix("/a b"),
            "The prefix \"/a b\" has the character \" \", which programs misread");
  EXPECT_EQ(message_of_prefix("/a:b"),
            "The prefix \"/a:b\" has the character \":\", which programs misread");
  EXPECT_THAT(message_of_prefix("/a\"b"), HasSubstr("which programs misread"));
  EXPECT_THAT(message_of_prefix("/a\xff"), HasSubstr("is not UTF-8"));
  EXPECT_THAT(message_of_prefix("/" + std::string(200, 'x')),
              HasSubstr("is longer than 200 bytes"));
}

TEST(PrefixTest, ScriptsOfAnInterpreterFarDownAreForShAndPython) {
  EXPECT_EQ(python_shebang("/opt/env/bin/python3.11"), "#!/opt/env/bin/python3.11\n");
  const std::string deep = "/" + std::string(130, 'd') + "/python3.11";
  EXPECT_EQ(python_shebang(deep), "#!/bin/sh\n'''exec' \"" + deep + "\" \"$0\" \"$@\" #'''\n");
}

}  // namespace
}  // namespace cntr::env
