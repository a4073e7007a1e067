#include "ninja/dyndep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "base/error.h"
#include "ninja/manifest_parser.h"

namespace cntr::ninja {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Dyndep : public testing::Test {
 protected:
  std::vector<DyndepEntry> parse(const std::string& text) const {
    return parse_dyndep("dd", text, graph_, *graph_.find("dd"));
  }
  std::string error_of(const std::string& text) const {
    try {
      parse(text);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUser);
      return error.message();
    }
    return "none";
  }
  EdgeId edge_of(std::string_view output) const { return graph_.producer(*graph_.find(output)); }

  const Graph graph_ = parse_manifest("build.ninja", [](const std::string&) {
    return std::optional<std::string>(
        "rule cc\n"
        "  command = cc\n"
        "build a.o a.log | a.extra: cc a.cc || dd\n"
        "  dyndep = dd\n"
        "build b.o: cc b.cc || dd\n"
        "  dyndep = dd\n"
        "build plain: cc c.cc\n");
  });
};

TEST_F(Dyndep, ReadsStatements) {
  const auto entries = parse(
      "# found by a scanner\n"
      "ninja_dyndep_version = 1\n"
      "\n"
      "build b.o | b.pcm ./x/../b$ 2.pcm: dyndep | a.pcm sub//c.pcm\n"
      "  restat = 1\n"
      "build a.o: dyndep\n");
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].edge, edge_of("b.o"));
  EXPECT_THAT(entries[0].implicit_outputs, ElementsAre("b.pcm", "b 2.pcm"));
  EXPECT_THAT(entries[0].implicit_inputs, ElementsAre("a.pcm", "sub/c.pcm"));
  EXPECT_TRUE(entries[0].restat);
  EXPECT_EQ(entries[1].edge, edge_of("a.o"));
  EXPECT_THAT(entries[1].implicit_outputs, IsEmpty());
  EXPECT_THAT(entries[1].implicit_inputs, IsEmpty());
  EXPECT_FALSE(entries[1].restat);
}

TEST_F(Dyndep, AnyOutputNamesTheEdge) {
  for (const char* output : {"a.o", "a.log", "a.extra", "./a.log"}) {
    const auto entries = parse("ninja_dyndep_version = 1.0\nbuild " + std::string(output) +
                               ": dyndep\nbuild b.o: dyndep\n  restat =\n");
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(entries[0].edge, edge_of("a.o"));
    EXPECT_FALSE(entries[1].restat) << "an empty value is no";
  }
}

TEST_F(Dyndep, ItsVersionComesFirst) {
  EXPECT_EQ(error_of(""), "dd:1: expected 'ninja_dyndep_version = ...'");
  EXPECT_EQ(error_of("build a.o: dyndep\n"), "dd:1: expected 'ninja_dyndep_version = ...'");
  EXPECT_EQ(error_of("x = 1\n"),
            "dd:1: expected 'ninja_dyndep_version = ...'\nx = 1\n     ^ near here");
  EXPECT_EQ(error_of("ninja_dyndep_version = 1\nninja_dyndep_version = 1\n"),
            "dd:2: unexpected identifier");
}

TEST_F(Dyndep, OtherVersionsAreRefused) {
  for (const std::string version : {"0", "1.1", "2.0", "x"}) {
    EXPECT_THAT(error_of("ninja_dyndep_version = " + version + "\n"),
                testing::StartsWith("dd:1: unsupported 'ninja_dyndep_version = " + version + "'"));
  }
}

TEST_F(Dyndep, StatementsOfOtherKindsAreRefused) {
  const std::string version = "ninja_dyndep_version = 1\n";
  EXPECT_EQ(error_of(version + "rule x\n"), "dd:2: unexpected 'rule'");
  EXPECT_EQ(error_of(version + "include x\n"), "dd:2: unexpected 'include'");
  EXPECT_EQ(error_of(version + "\tx\n"), "dd:2: tabs are not allowed, use spaces");
}

TEST_F(Dyndep, MistakesInAStatement) {
  const auto error = [this](const std::string& statement) {
    const std::string message = error_of("ninja_dyndep_version = 1\n" + statement);
    return message.substr(0, message.find('\n'));
  };
  EXPECT_EQ(error("build : dyndep\n"), "dd:2: expected path");
  EXPECT_EQ(error("build $x: dyndep\n"), "dd:2: empty path");
  EXPECT_EQ(error("build no: dyndep\n"), "dd:2: no build statement exists for 'no'");
  EXPECT_EQ(error("build a.cc: dyndep\n"), "dd:2: no build statement exists for 'a.cc'");
  EXPECT_EQ(error("build a.o: dyndep\nbuild ./a.log: dyndep\n"),
            "dd:3: multiple statements for 'a.log'");
  EXPECT_EQ(error("build a.o b: dyndep\n"), "dd:2: explicit outputs not supported");
  EXPECT_EQ(error("build a.o dyndep\n"), "dd:2: explicit outputs not supported");
  EXPECT_EQ(error("build a.o\n"), "dd:2: expected ':', got newline ($ also escapes ':')");
  EXPECT_EQ(error("build a.o: cc\n"), "dd:2: expected build command name 'dyndep'");
  EXPECT_EQ(error("build a.o:\n"), "dd:2: expected build command name 'dyndep'");
  EXPECT_EQ(error("build a.o: dyndep b\n"), "dd:2: explicit inputs not supported");
  EXPECT_EQ(error("build a.o: dyndep | b || c\n"), "dd:2: order-only inputs not supported");
  EXPECT_EQ(error("build a.o: dyndep || c\n"), "dd:2: order-only inputs not supported");
  EXPECT_EQ(error("build a.o: dyndep |@ c\n"), "dd:2: expected newline, got '|@'");
  EXPECT_EQ(error("build a.o: dyndep | $x\n"), "dd:3: empty path");
  EXPECT_EQ(error("build a.o: dyndep\n  depfile = 1\n"), "dd:3: binding is not 'restat'");
  EXPECT_EQ(error("build a.o: dyndep\n  restat = 1\n  restat = 1\n"), "dd:4: unexpected indent");
  EXPECT_EQ(error("build a.o: dyndep"), "dd:2: unexpected EOF");
}

TEST_F(Dyndep, AnErrorShowsThePlace) {
  EXPECT_EQ(error_of("ninja_dyndep_version = 1\nbuild a.o: dyndep b\n"),
            "dd:2: explicit inputs not supported\n"
            "build a.o: dyndep b\n"
            "                   ^ near here");
}

TEST_F(Dyndep, EveryEdgeOfTheFileIsMentioned) {
  EXPECT_EQ(error_of("ninja_dyndep_version = 1\n"), "'a.o' not mentioned in its dyndep file 'dd'");
  EXPECT_EQ(error_of("ninja_dyndep_version = 1\nbuild a.o: dyndep\n"),
            "'b.o' not mentioned in its dyndep file 'dd'");
}

TEST_F(Dyndep, NoOtherEdgeIsMentioned) {
  EXPECT_EQ(error_of("ninja_dyndep_version = 1\n"
                     "build a.o: dyndep\nbuild b.o: dyndep\nbuild plain: dyndep\n"),
            "dyndep file 'dd' mentions output 'plain' whose build statement does not have a dyndep "
            "binding for the file");
}

}  // namespace
}  // namespace cntr::ninja
