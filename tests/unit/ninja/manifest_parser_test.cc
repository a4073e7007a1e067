#include "ninja/manifest_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/digest.h"
#include "manifest_fixture.h"

namespace cntr::ninja {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using ManifestParserTest = ManifestTest;

TEST_F(ManifestParserTest, ReadsAnEmptyFile) {
  const Graph graph = parse("");
  EXPECT_EQ(graph.edge_count(), 0U);
  EXPECT_EQ(graph.node_count(), 0U);
  EXPECT_THAT(graph.roots(), IsEmpty());
  EXPECT_EQ(graph.find("a"), std::nullopt);
}

TEST_F(ManifestParserTest, ReadsEverySectionOfAnEdge) {
  const Graph graph = parse(std::string(kCat) +
                            "build o1 o2 | io1 io2: cat e1 e2 | i1 || oo1 oo2 |@ v1 v2\n"
                            "build v1: cat e1\n");
  ASSERT_EQ(graph.edge_count(), 2U);
  const Edge& edge = graph.edge(0);
  EXPECT_EQ(edge.explicit_outputs, 2U);
  EXPECT_EQ(edge.implicit_outputs, 2U);
  EXPECT_EQ(edge.line, 3U);
  EXPECT_THAT(paths(graph, graph.outputs(0)), ElementsAre("o1", "o2", "io1", "io2"));
  EXPECT_THAT(paths(graph, graph.explicit_inputs(0)), ElementsAre("e1", "e2"));
  EXPECT_THAT(paths(graph, graph.implicit_inputs(0)), ElementsAre("i1"));
  EXPECT_THAT(paths(graph, graph.dependencies(0)), ElementsAre("e1", "e2", "i1"));
  EXPECT_THAT(paths(graph, graph.order_only_inputs(0)), ElementsAre("oo1", "oo2"));
  EXPECT_THAT(paths(graph, graph.all_inputs(0)), ElementsAre("e1", "e2", "i1", "oo1", "oo2"));
  EXPECT_THAT(paths(graph, graph.validations(0)), ElementsAre("v1", "v2"));
  EXPECT_EQ(graph.command(0), "cat e1 e2 > o1 o2");
  EXPECT_EQ(graph.producer(*graph.find("io2")), 0U);
  EXPECT_EQ(graph.producer(*graph.find("v1")), 1U);
  EXPECT_EQ(graph.producer(*graph.find("e1")), kNone);
}

TEST_F(ManifestParserTest, AllowsEmptySectionsAndNoExplicitOutput) {
  const Graph graph = parse(std::string(kCat) +
                            "build a |: cat\n"
                            "build | b: cat x | || |@\n");
  EXPECT_EQ(graph.edge(0).explicit_outputs, 1U);
  EXPECT_EQ(graph.edge(0).implicit_outputs, 0U);
  EXPECT_EQ(graph.edge(1).explicit_outputs, 0U);
  EXPECT_EQ(graph.command(1), "cat x > ");
}

TEST_F(ManifestParserTest, UsesOneNodeForAllSpellingsOfAPath) {
  const Graph graph = parse(std::string(kCat) +
                            "build ./out//a: cat in/../b\n"
                            "build c: cat out/./a b\n");
  EXPECT_EQ(graph.node_count(), 3U);
  EXPECT_EQ(graph.command(1), "cat out/a b > c");
}

TEST_F(ManifestParserTest, QuotesPathsForTheShell) {
  const Graph graph = parse(
      "rule touch\n"
      "  command = touch $out; $in_newline\n"
      "build a$ b c'd $$e +-./_9: touch x$:y \xc3\xa4\n");
  EXPECT_EQ(graph.command(0), "touch 'a b' 'c'\\''d' '$e' +-./_9; 'x:y'\n'\xc3\xa4'");
  EXPECT_EQ(graph.binding(0, "out", Graph::Escape::kRaw), "a b c'd $e +-./_9");
}

TEST_F(ManifestParserTest, ReadsLinesThatEndAsInDos) {
  const Graph graph = parse(
      "# comment\r\n"
      "x = 1 $\r\n"
      "    2\r\n"
      "rule r\r\n"
      "  command = c $x $in\r\n"
      "build a: r b $\r\n"
      "    c\r\n"
      "  x = 3\r\n"
      "build d: r\r\n"
      "default a\r\n");
  EXPECT_EQ(graph.command(0), "c 3 b c");
  EXPECT_EQ(graph.command(1), "c 1 2 ");
  EXPECT_EQ(graph.edge(0).line, 6U);
  EXPECT_EQ(graph.edge(1).line, 9U);
  EXPECT_THAT(paths(graph, graph.defaults()), ElementsAre("a"));
}

TEST_F(ManifestParserTest, IgnoresCommentsBetweenVariables) {
  const Graph graph = parse(
      "rule r\n"
      "  # about the command\n"
      "  command = c $x $y\n"
      "  description = d # e\n"
      "build a: r\n"
      "# not indented\n"
      "  x = 1\n"
      "  # indented\n"
      "  y = 2\n"
      "   \n"
      "z = 3\n");
  EXPECT_EQ(graph.command(0), "c 1 2");
  EXPECT_EQ(graph.variable("z"), "3");
  EXPECT_EQ(graph.binding(0, "description"), "d # e");
}

TEST_F(ManifestParserTest, CountsLines) {
  const Graph graph = parse(
      "\n"
      "# one\n"
      "rule r\n"
      "  command = a $\n"
      "      b\n"
      "build x: r $\n"
      "    y\n"
      "  v = 1 $\n"
      "      2\n"
      "build z: r\n"
      "  v = 1 $\n"
      "      2\n"
      "build w: phony $\n"
      "    z\n"
      "build v: phony\n");
  EXPECT_EQ(graph.edge(0).line, 6U);
  EXPECT_EQ(graph.edge(1).line, 10U);
  EXPECT_EQ(graph.edge(2).line, 13U);
  EXPECT_EQ(graph.edge(3).line, 15U);
}

TEST_F(ManifestParserTest, KnowsItsFilesAndTheirDigests) {
  files_["inc.ninja"] = "build b: phony\n";
  files_["sub.ninja"] = "build c: phony\n";
  const std::string manifest =
      "include inc.ninja\n"
      "subninja sub.ninja\n"
      "build a: phony\n";
  const Graph graph = parse(manifest);
  ASSERT_EQ(graph.manifests().size(), 3U);
  EXPECT_EQ(graph.text(graph.manifests()[0].path), "input");
  EXPECT_EQ(graph.text(graph.manifests()[1].path), "inc.ninja");
  EXPECT_EQ(graph.text(graph.manifests()[2].path), "sub.ninja");
  EXPECT_EQ(graph.manifests()[0].digest, digest_of(manifest));
  EXPECT_EQ(graph.manifests()[2].digest, digest_of(files_["sub.ninja"]));
  EXPECT_EQ(graph.edge(edge_of(graph, "b")).file, 1U);
  EXPECT_EQ(graph.edge(edge_of(graph, "c")).file, 2U);
  EXPECT_EQ(graph.edge(edge_of(graph, "a")).file, 0U);
}

TEST_F(ManifestParserTest, HashesLargeFilesToo) {
  std::string manifest(3 << 20, '#');
  manifest += "\nbuild a: phony\n";
  const Graph graph = parse(manifest);
  EXPECT_EQ(graph.manifests()[0].digest, digest_of(manifest));
  EXPECT_EQ(graph.edge_count(), 1U);
}

TEST_F(ManifestParserTest, ReadsDefaultTargets) {
  const Graph graph = parse(std::string(kCat) +
                            "third = c\n"
                            "build a: cat x\n"
                            "build b: cat x\n"
                            "build c: cat x\n"
                            "default ./b x\n"
                            "default $third b\n");
  EXPECT_THAT(paths(graph, graph.defaults()), ElementsAre("b", "x", "c", "b"));
}

TEST_F(ManifestParserTest, GivesEachEdgeItsPool) {
  const Graph graph = parse(
      "depth = 4\n"
      "pool link\n"
      "  depth = $depth\n"
      "pool none\n"
      "  depth = 0\n"
      "rule cc\n"
      "  command = cc\n"
      "rule ld\n"
      "  command = ld\n"
      "  pool = link\n"
      "build a: cc\n"
      "build b: ld\n"
      "build c: ld\n"
      "  pool = console\n"
      "build d: ld\n"
      "  pool =\n"
      "build e: cc\n"
      "  pool = none\n");
  ASSERT_EQ(graph.pool_count(), 4U);
  EXPECT_EQ(graph.edge(0).pool, kDefaultPool);
  EXPECT_EQ(graph.pool_name(graph.edge(1).pool), "link");
  EXPECT_EQ(graph.pool_depth(graph.edge(1).pool), 4U);
  EXPECT_EQ(graph.edge(2).pool, kConsolePool);
  EXPECT_TRUE(graph.has(2, kConsole));
  EXPECT_FALSE(graph.has(1, kConsole));
  EXPECT_EQ(graph.edge(3).pool, kDefaultPool);
  EXPECT_EQ(graph.pool_depth(graph.edge(4).pool), 0U);
  EXPECT_EQ(graph.pool_depth(kConsolePool), 1U);
}

TEST_F(ManifestParserTest, SetsAFlagForEachBindingThatIsNotEmpty) {
  const Graph graph = parse(
      "rule all\n"
      "  command = c\n"
      "  generator = 1\n"
      "  restat = $maybe\n"
      "  deps = gcc\n"
      "  depfile = $out.d\n"
      "  rspfile = $out.rsp\n"
      "  rspfile_content = $in\n"
      "rule none\n"
      "  command = c\n"
      "build a: all\n"
      "build b: all\n"
      "  maybe = yes\n"
      "  deps = msvc\n"
      "  depfile =\n"
      "  generator =\n"
      "build c: none\n"
      "build d: phony\n");
  EXPECT_EQ(graph.edge(0).flags, kGenerator | kDepsGcc | kHasDepfile | kHasRspfile);
  EXPECT_EQ(graph.edge(1).flags, kRestat | kDepsMsvc | kHasRspfile);
  EXPECT_TRUE(graph.restat(1));
  EXPECT_EQ(graph.edge(2).flags, 0U);
  EXPECT_EQ(graph.edge(3).flags, kPhony);
  EXPECT_EQ(graph.rule_name(3), "phony");
}

TEST_F(ManifestParserTest, FindsTheDyndepFileAmongTheInputs) {
  const Graph graph = parse(
      "rule r\n"
      "  command = c\n"
      "  dyndep = $out.dd\n"
      "build a: r x | a.dd\n"
      "build b: r || ./dir/b$ dd\n"
      "  dyndep = dir//b dd\n"
      "build c: r\n"
      "  dyndep =\n");
  EXPECT_EQ(graph.edge(0).dyndep, graph.find("a.dd"));
  EXPECT_EQ(graph.edge(1).dyndep, graph.find("dir/b dd"));
  EXPECT_EQ(graph.edge(2).dyndep, kNone);
}

TEST_F(ManifestParserTest, MendsPhonyEdgesThatNameThemselves) {
  const Graph graph = parse(
      "build a: phony a b a || a\n"
      "build c: phony | c\n"
      "build d | e: phony d\n");
  EXPECT_THAT(paths(graph, graph.explicit_inputs(0)), ElementsAre("b"));
  EXPECT_THAT(graph.order_only_inputs(0), IsEmpty());
  EXPECT_THAT(paths(graph, graph.implicit_inputs(1)), ElementsAre("c"));
  EXPECT_THAT(paths(graph, graph.explicit_inputs(2)), ElementsAre("d"));
  EXPECT_THAT(warnings_, ElementsAre("phony target 'a' names itself as an input; ignoring "
                                     "[-w phonycycle=warn]"));
}

TEST_F(ManifestParserTest, LeavesPhonyCyclesWhenTheyAreToBeErrors) {
  phony_cycle_is_error_ = true;
  const Graph graph = parse("build a: phony a\n");
  EXPECT_THAT(paths(graph, graph.explicit_inputs(0)), ElementsAre("a"));
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(ManifestParserTest, AsksForNoMoreThanItsVersion) {
  for (const char* version : {"1.14.0", "1.14", "1.5", "1", "1.14.9"}) {
    EXPECT_EQ(error_of("ninja_required_version = " + std::string(version) + "\n"), "") << version;
  }
  EXPECT_THAT(warnings_, IsEmpty());
  for (const char* version : {"1.15", "2", "10.0", "1.99.1"}) {
    EXPECT_EQ(error_of("ninja_required_version = " + std::string(version) + "\nnot read\n"),
              "ninja version (1.14.0) incompatible with build file ninja_required_version version "
              "(" +
                  std::string(version) + ").");
  }
  parse("ninja_required_version = 0.9\n");
  EXPECT_THAT(warnings_, ElementsAre("ninja executable version (1.14.0) greater than build file "
                                     "ninja_required_version (0.9); versions may be "
                                     "incompatible."));
}

TEST_F(ManifestParserTest, EscapesNewlinesForWhoAsksForTheVersionThatCan) {
  const Graph graph = parse(
      "ninja_required_version = 1.14\n"
      "rule r\n"
      "  command = a$^b\n"
      "build x: r\n");
  EXPECT_EQ(graph.command(0), "a\nb");
  EXPECT_EQ(error_of("ninja_required_version = 1.13\nx = $^\n"),
            "input:2: using $^ escape requires specifying 'ninja_required_version' with version "
            "greater or equal 1.14\n"
            "x = $^\n"
            "  ^ near here");
}

TEST_F(ManifestParserTest, AsksForTheVersionInEachFile) {
  files_["inc.ninja"] = "x = $^\n";
  EXPECT_THAT(error_of("ninja_required_version = 1.14\ninclude inc.ninja\n"),
              testing::StartsWith("inc.ninja:1: using $^ escape"));
  files_["first.ninja"] = "ninja_required_version = 1.14\n";
  EXPECT_EQ(error_of("include first.ninja\ninclude inc.ninja\n"), "");
}

}  // namespace
}  // namespace cntr::ninja
