#include "ninja/depfile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/error.h"

namespace cntr::ninja {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Depfile parse(std::string_view text) { return parse_depfile(text, "x.d"); }

std::string error_of(std::string_view text) {
  try {
    parse(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUser);
    return error.message();
  }
  return "none";
}

TEST(Depfile, ReadsWhatGccWrites) {
  const Depfile depfile = parse(
      "main.o: src/main.cc /usr/include/stdio.h \\\n"
      "  src/a.h \\\n"
      "  src/b.h\n");
  EXPECT_THAT(depfile.targets, ElementsAre("main.o"));
  EXPECT_THAT(depfile.inputs,
              ElementsAre("src/main.cc", "/usr/include/stdio.h", "src/a.h", "src/b.h"));
}

TEST(Depfile, MayBeEmptyAndMayEndAnywhere) {
  for (const char* text : {"", " ", "\n", "\r\n", "\\\n", "\\"}) {
    EXPECT_THAT(parse(text).targets, IsEmpty());
    EXPECT_THAT(parse(text).inputs, IsEmpty());
  }
  EXPECT_THAT(parse("a: b").inputs, ElementsAre("b"));
  EXPECT_THAT(parse("a: b \\").inputs, ElementsAre("b"));
  EXPECT_THAT(parse("a:").targets, ElementsAre("a"));
  EXPECT_THAT(parse("a:").inputs, IsEmpty());
  EXPECT_THAT(parse("a : b").inputs, ElementsAre("b"));
}

TEST(Depfile, MayHaveWindowsLineBreaks) {
  const Depfile depfile = parse("a.o: \\\r\n  b.cc \\\r\n  c.h\r\nb.cc:\r\n");
  EXPECT_THAT(depfile.targets, ElementsAre("a.o"));
  EXPECT_THAT(depfile.inputs, ElementsAre("b.cc", "c.h"));
}

TEST(Depfile, NamesEachTargetAndInputOnce) {
  const Depfile depfile = parse("a b a: x y x\na: z y\n");
  EXPECT_THAT(depfile.targets, ElementsAre("a", "b"));
  EXPECT_THAT(depfile.inputs, ElementsAre("x", "y", "z"));
}

// gcc -MP writes them, so that make does not fail for a header that was removed.
TEST(Depfile, RulesWithoutInputsAreNoTargets) {
  const Depfile depfile = parse("a.o: a.cc a.h b.h\n\na.h:\nb.h:\n");
  EXPECT_THAT(depfile.targets, ElementsAre("a.o"));
  EXPECT_THAT(depfile.inputs, ElementsAre("a.cc", "a.h", "b.h"));
}

TEST(Depfile, RefusesAnInputWithInputsOfItsOwn) {
  EXPECT_EQ(error_of("a: b\nb: c\n"), "x.d: inputs may not also have inputs");
  EXPECT_EQ(error_of("a: b c\nb: c\n"), "none");
}

TEST(Depfile, RefusesTextWithoutAColon) {
  EXPECT_EQ(error_of("a b c\n"), "x.d: expected ':' in depfile");
  EXPECT_EQ(error_of("a.o\n"), "x.d: expected ':' in depfile");
}

TEST(Depfile, BackslashesBeforeASpace) {
  EXPECT_THAT(parse(R"(a: b\ c)").inputs, ElementsAre("b c"));
  EXPECT_THAT(parse(R"(a: b\\ c)").inputs, ElementsAre(R"(b\\)", "c"));
  EXPECT_THAT(parse(R"(a: b\\\ c)").inputs, ElementsAre(R"(b\ c)"));
  EXPECT_THAT(parse(R"(a: \ b\  c)").inputs, ElementsAre(" b ", "c"));
  EXPECT_THAT(parse("a: b\\\tc").inputs, ElementsAre("b\\\tc"));
}

TEST(Depfile, BackslashesBeforeAHashOrColon) {
  EXPECT_THAT(parse(R"(a: b\#c b\\#c)").inputs, ElementsAre("b#c", R"(b\#c)"));
  EXPECT_THAT(parse(R"(a\:b: c\:d)").targets, ElementsAre("a:b"));
  EXPECT_THAT(parse(R"(a\:b: c\\:d)").inputs, ElementsAre(R"(c\:d)"));
  EXPECT_THAT(parse("a\\: b").targets, ElementsAre("a\\"));
  EXPECT_THAT(parse("a\\:\nb: c").targets, ElementsAre("a\\", "b"));
}

TEST(Depfile, OtherBackslashesStand) {
  EXPECT_THAT(parse(R"(a: b\c \\server\d %\% \*)").inputs,
              ElementsAre(R"(b\c)", R"(\\server\d)", R"(%\%)", R"(\*)"))
      << "a plain % is no name";
  EXPECT_THAT(parse("a: b\\\\\nc: d").inputs, ElementsAre("b\\\\", "d")) << "no continuation";
  EXPECT_THAT(parse("a: \\\\").inputs, ElementsAre("\\\\"));
}

TEST(Depfile, WindowsPathsStay) {
  const Depfile depfile = parse("c:\\out\\a.o: c:\\src\\a.cc d:/x/y.h c:\\Program\\ Files\\z.h\n");
  EXPECT_THAT(depfile.targets, ElementsAre("c:\\out\\a.o"));
  EXPECT_THAT(depfile.inputs, ElementsAre("c:\\src\\a.cc", "d:/x/y.h", "c:\\Program Files\\z.h"));
}

TEST(Depfile, DollarsAndOtherCharacters) {
  EXPECT_THAT(parse("a: b$$c d$e f#g h;i j|k").inputs,
              ElementsAre("b$c", "d", "e", "f", "g", "h", "i", "j", "k"));
  EXPECT_THAT(parse("a: en+fr(1)={}%@[x]!?\"'&,~_-\xc3\xa4").inputs,
              ElementsAre("en+fr(1)={}%@[x]!?\"'&,~_-\xc3\xa4"));
  EXPECT_THAT(parse(std::string_view("a: b\0c", 6)).inputs, ElementsAre("b", "c"));
}

TEST(Depfile, SeveralColonsInOneRule) {
  EXPECT_THAT(parse("a: b: c\n").inputs, ElementsAre("b", "c"));
}

TEST(Depfile, ManyInputsStayInOrder) {
  std::string text = "a:";
  std::vector<std::string> expected;
  for (int i = 0; i < 5000; ++i) {
    expected.push_back("header_" + std::to_string(i) + ".h");
    text += " " + expected.back() + " " + expected[expected.size() / 2];
  }
  EXPECT_EQ(parse(text).inputs.size(), 5000U);
  EXPECT_EQ(parse(text).inputs, expected);
}

}  // namespace
}  // namespace cntr::ninja
