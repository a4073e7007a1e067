// What the parser says of manifests that are wrong: the same as ninja.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "manifest_fixture.h"

namespace cntr::ninja {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

using ManifestErrorTest = ManifestTest;

struct Mistake {
  const char* manifest;
  const char* error;
};

TEST_F(ManifestErrorTest, ShowsThePlaceOfASyntaxError) {
  const std::vector<Mistake> mistakes = {
      {"word\n",
       "input:1: expected '=', got newline\n"
       "word\n"
       "    ^ near here"},
      {"word",
       "input:1: expected '=', got eof\n"
       "word\n"
       "    ^ near here"},
      {"a 1\n",
       "input:1: expected '=', got identifier\n"
       "a 1\n"
       "  ^ near here"},
      {"a = 1",
       "input:1: unexpected EOF\n"
       "a = 1\n"
       "     ^ near here"},
      {"a = 1\nb = $.\n",
       "input:2: bad $-escape (literal $ must be written as $$)\n"
       "b = $.\n"
       "    ^ near here"},
      {"a = ${open\n",
       "input:1: bad $-escape (literal $ must be written as $$)\n"
       "a = ${open\n"
       "    ^ near here"},
      {"build\n",
       "input:1: expected path\n"
       "build\n"
       "     ^ near here"},
      {"build a b\n",
       "input:1: expected ':', got newline ($ also escapes ':')\n"
       "build a b\n"
       "         ^ near here"},
      {"build a: other b\n",
       "input:1: unknown build rule 'other'\n"
       "build a: other b\n"
       "         ^ near here"},
      {"build a:: b\n",
       "input:1: expected build command name\n"
       "build a:: b\n"
       "        ^ near here"},
      {"build a: phony b: c\n",
       "input:1: expected newline, got ':'\n"
       "build a: phony b: c\n"
       "                ^ near here"},
      {"build a: phony b |@ c || d\n",
       "input:1: expected newline, got '||'\n"
       "build a: phony b |@ c || d\n"
       "                      ^ near here"},
      {"build a: phony b\n  = c\n",
       "input:2: expected variable name\n"
       "  = c\n"
       "  ^ near here"},
      {"rule %\n",
       "input:1: expected rule name\n"
       "rule %\n"
       "     ^ near here"},
      {"rule r\n  command = c\n  strange = 1\n", "input:3: unexpected variable 'strange'"},
      {"rule r\n  command = c\nrule r\n  command = d\n",
       "input:3: duplicate rule 'r'\n"
       "rule r\n"
       "      ^ near here"},
      {"rule phony\n  command = c\n",
       "input:1: duplicate rule 'phony'\n"
       "rule phony\n"
       "          ^ near here"},
      {"rule r\n", "input:2: expected 'command =' line"},
      {"rule r\n  command =\n", "input:3: expected 'command =' line"},
      {"rule r\n  command = c\n  rspfile = r\n",
       "input:4: rspfile and rspfile_content need to be both specified"},
      {"default\n",
       "input:1: expected target name\n"
       "default\n"
       "       ^ near here"},
      {"default a\n",
       "input:1: unknown target 'a'\n"
       "default a\n"
       "         ^ near here"},
      {"build a: phony\ndefault a:\n",
       "input:2: expected newline, got ':'\n"
       "default a:\n"
       "         ^ near here"},
      {"default $none\n",
       "input:1: empty path\n"
       "default $none\n"
       "             ^ near here"},
      {"  a = 1\n", "input:1: unexpected indent"},
      {"a = 1\n | b\n", "input:2: unexpected indent"},
      {"= 1\n", "input:1: unexpected '='"},
      {"pool\n",
       "input:1: expected pool name\n"
       "pool\n"
       "    ^ near here"},
      {"pool p\n", "input:2: expected 'depth =' line"},
      {"pool p\n  depth = 1\n  width = 2\n", "input:3: unexpected variable 'width'"},
      {"pool console\n",
       "input:1: duplicate pool 'console'\n"
       "pool console\n"
       "            ^ near here"},
      {"\tbuild a: phony\n", "input:1: tabs are not allowed, use spaces"},
      {"build a:\tphony\n",
       "input:1: expected build command name\n"
       "build a:\tphony\n"
       "        ^ near here"},
      {"build a: phony\n  b\t= c\n",
       "input:2: expected '=', got lexing error\n"
       "  b\t= c\n"
       "   ^ near here"},
      {"a = 1\n# no newline", "input:2: lexing error"},
      {"a = b\rc\n",
       "input:1: lexing error\n"
       "a = b\rc\n"
       "     ^ near here"},
  };
  for (const Mistake& mistake : mistakes) {
    const std::string error = error_of(mistake.manifest);
    if (std::string_view(mistake.error).find("near here") != std::string_view::npos) {
      EXPECT_EQ(error, mistake.error) << mistake.manifest;
    } else {
      EXPECT_THAT(error, StartsWith(mistake.error)) << mistake.manifest;
    }
  }
}

TEST_F(ManifestErrorTest, RefusesOtherPoolDepths) {
  for (const char* depth : {"-1", "x", "", "1x", "1 ", "+1", "99999999999"}) {
    EXPECT_THAT(error_of("pool p\n  depth = " + std::string(depth) + "\n"),
                StartsWith("input:2: invalid pool depth"))
        << depth;
  }
}

// These are found when the whole statement is read, behind its last line.
TEST_F(ManifestErrorTest, FindsWhatIsWrongWithAWholeEdge) {
  const std::string rules =
      "rule r\n"
      "  command = c\n";
  EXPECT_EQ(error_of(rules + "build a: r\nbuild b ./a: r\n"), "input:5: multiple rules generate a");
  EXPECT_EQ(error_of(rules + "build a: r\nbuild b | a: r\n"), "input:5: multiple rules generate a");
  EXPECT_EQ(error_of(rules + "build a b | x/../a: r\n"),
            "input:4: a is defined as an output multiple times");
  EXPECT_EQ(error_of(rules + "build $none: r\n"), "input:4: empty path");
  EXPECT_EQ(error_of(rules + "build a: r $none\n"), "input:4: empty path");
  EXPECT_EQ(error_of(rules + "build a: r\n  pool = p\n"), "input:5: unknown pool name 'p'");
  EXPECT_EQ(error_of(rules + "build a: r |@ b\n  dyndep = ./b\n"),
            "input:5: dyndep 'b' is not an input");
}

TEST_F(ManifestErrorTest, NamesTheEdgeOfAnUnknownDepsType) {
  EXPECT_EQ(error_of("rule r\n  command = c\n  deps = $kind\n"
                     "build a: r\nbuild b: r\n  kind = icc\n"),
            "input:5: unknown deps type 'icc'");
}

// Large graphs are evaluated in parts, at the same time.
TEST_F(ManifestErrorTest, NamesTheFirstOfManyEdges) {
  std::string manifest = "rule r\n  command = c\n  deps = $kind\n";
  for (int i = 0; i < 6000; ++i) {
    manifest += "build out" + std::to_string(i) + ": r\n";
    if (i >= 4000) manifest += "  kind = bad" + std::to_string(i) + "\n";
  }
  EXPECT_EQ(error_of(manifest), "input:4004: unknown deps type 'bad4000'");
}

TEST_F(ManifestErrorTest, NamesTheFileThatCannotBeRead) {
  files_.clear();
  try {
    parse_manifest("none.ninja", reader());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "loading 'none.ninja': No such file or directory");
  }
  EXPECT_EQ(error_of("x = none\ninclude dir/$x.ninja\n"),
            "input:2: loading 'dir/none.ninja': No such file or directory\n"
            "include dir/$x.ninja\n"
            "                    ^ near here");
}

TEST_F(ManifestErrorTest, NamesTheFileThatIsWrong) {
  files_["inc.ninja"] = "build x: phony\nbuild x: phony\n";
  EXPECT_EQ(error_of("\ninclude inc.ninja\n"), "inc.ninja:3: multiple rules generate x");
  files_["good.ninja"] = "build x: phony\n";
  EXPECT_EQ(error_of("include good.ninja\nsubninja good.ninja\n"),
            "good.ninja:2: multiple rules generate x");
  EXPECT_EQ(error_of("include good.ninja more\n"),
            "input:1: expected newline, got identifier\n"
            "include good.ninja more\n"
            "                   ^ near here");
}

TEST_F(ManifestErrorTest, LooksForRulesInTheScopesAround) {
  files_["sub.ninja"] = "rule s\n  command = s\nbuild b: s\nbuild c: r\n";
  EXPECT_EQ(error_of("rule r\n  command = r\nsubninja sub.ninja\n"), "");
  EXPECT_THAT(error_of("rule r\n  command = r\nsubninja sub.ninja\nbuild d: s\n"),
              StartsWith("input:4: unknown build rule 's'"));
  files_["inc.ninja"] = "rule r\n  command = r\n";
  EXPECT_THAT(error_of("include inc.ninja\ninclude inc.ninja\n"),
              StartsWith("inc.ninja:1: duplicate rule 'r'"));
  EXPECT_EQ(error_of("subninja inc.ninja\nsubninja inc.ninja\n"), "");
}

TEST_F(ManifestErrorTest, StopsAtFilesThatIncludeThemselves) {
  EXPECT_EQ(error_of("include input\n"),
            "input:1: more than 100 files include one another; does 'input' include itself?\n"
            "include input\n"
            "             ^ near here");
  files_["a"] = "x = 1\nsubninja b\n";
  files_["b"] = "include a\n";
  EXPECT_THAT(error_of("include a\n"), HasSubstr("more than 100 files include one another"));
}

}  // namespace
}  // namespace cntr::ninja
