#include "ninja/cl_includes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cntr::ninja {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ClIncludes, TakesTheHeadersAndLeavesTheRest) {
  const ClOutput output = filter_cl_output(
      "main.cc\r\n"
      "Note: including file: a.h\r\n"
      "Note: including file:   sub/b.h\r\n"
      "main.cc(3): warning C4100\r\n",
      "");
  EXPECT_EQ(output.text, "main.cc(3): warning C4100\n");
  EXPECT_THAT(output.includes, ElementsAre("a.h", "sub/b.h"));
}

TEST(ClIncludes, PrefixMayBeInAnotherLanguage) {
  const ClOutput output =
      filter_cl_output("Hinweis: Einlesen der Datei: a.h\nNote: including file: b.h\n",
                       "Hinweis: Einlesen der Datei:");
  EXPECT_EQ(output.text, "Note: including file: b.h\n");
  EXPECT_THAT(output.includes, ElementsAre("a.h"));
}

TEST(ClIncludes, HeadersAreCanonicalAndUnique) {
  const ClOutput output = filter_cl_output(
      "Note: including file: b.h\n"
      "Note: including file: ./x/../a.h\n"
      "Note: including file: a.h\n",
      "");
  EXPECT_THAT(output.includes, ElementsAre("b.h", "a.h"));
}

TEST(ClIncludes, SystemHeadersAreLeftOut) {
  const ClOutput output = filter_cl_output(
      "Note: including file: c:\\PROGRAM files\\sdk\\a.h\n"
      "Note: including file: d:\\Microsoft Visual Studio\\b.h\n"
      "Note: including file: c.h\n",
      "");
  EXPECT_EQ(output.text, "");
  EXPECT_THAT(output.includes, ElementsAre("c.h"));
}

TEST(ClIncludes, SourceNameIsDroppedOnlyBeforeTheFirstHeader) {
  EXPECT_EQ(filter_cl_output("a.c\nB.CC\nc.cxx\nd.Cpp\ne.c++\nf.h\n", "").text, "f.h\n");
  EXPECT_EQ(filter_cl_output("Note: including file: a.h\ncannot open b.cc\n", "").text,
            "cannot open b.cc\n");
}

TEST(ClIncludes, EveryLineEndsWithANewline) {
  EXPECT_EQ(filter_cl_output("", "").text, "");
  EXPECT_EQ(filter_cl_output("a", "").text, "a\n");
  EXPECT_EQ(filter_cl_output("a\rb\r\n\nc\n\r", "").text, "a\nb\n\nc\n\n");
}

TEST(ClIncludes, PrefixWithoutAFileIsAnOrdinaryLine) {
  const ClOutput output =
      filter_cl_output("Note: including file: \nNote: including file:    \n", "");
  EXPECT_EQ(output.text, "Note: including file: \nNote: including file:    \n");
  EXPECT_THAT(output.includes, IsEmpty());
}

}  // namespace
}  // namespace cntr::ninja
