#include "ninja/graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "manifest_fixture.h"

namespace cntr::ninja {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using GraphTest = ManifestTest;

TEST_F(GraphTest, FindsTheRoots) {
  const Graph graph = parse(std::string(kCat) +
                            "build a | a2: cat x\n"
                            "build b: cat a || o |@ v\n"
                            "build o: cat x\n"
                            "build v: cat x\n");
  EXPECT_THAT(paths(graph, graph.roots()), ElementsAre("a2", "b", "v"));

  const Graph cycle = parse(std::string(kCat) + "build a: cat b\nbuild b: cat a\n");
  try {
    cycle.roots();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "could not determine root nodes of build graph");
  }
}

TEST_F(GraphTest, TellsTheRulesOfTheMainManifest) {
  files_["inc.ninja"] = "rule b\n  command = x $in ${y} $$\n  description = D$ $out\n";
  files_["sub.ninja"] = "rule hidden\n  command = h\n";
  const Graph graph = parse(
      "rule c\n"
      "  command = c\n"
      "include inc.ninja\n"
      "subninja sub.ninja\n"
      "rule a\n"
      "  command = a\n");
  EXPECT_THAT(graph.rule_names(), ElementsAre("a", "b", "c"));
  EXPECT_EQ(graph.rule_binding_source("b", "command"), "x ${in} ${y} $");
  EXPECT_EQ(graph.rule_binding_source("b", "description"), "D ${out}");
  EXPECT_EQ(graph.rule_binding_source("b", "depfile"), "");
  EXPECT_EQ(graph.rule_binding_source("hidden", "command"), "");
}

TEST_F(GraphTest, TellsTopLevelVariables) {
  files_["sub.ninja"] = "builddir = elsewhere\n";
  const Graph graph = parse("root = r\nbuilddir = $root/b\nsubninja sub.ninja\nroot = s\n");
  EXPECT_EQ(graph.variable("builddir"), "r/b");
  EXPECT_EQ(graph.variable("root"), "s");
  EXPECT_EQ(graph.variable("none"), "");
}

TEST_F(GraphTest, GrowsByNodesAndByWhatDyndepFilesSay) {
  Graph graph = parse(std::string(kCat) + "build a: cat b\nbuild c: cat d\n");
  const NodeId header = graph.add_node("x.h");
  EXPECT_EQ(header, graph.manifest_nodes());
  EXPECT_EQ(graph.add_node("x.h"), header);
  EXPECT_EQ(graph.add_node("b"), *graph.find("b"));
  EXPECT_EQ(graph.find("x.h"), header);
  EXPECT_EQ(graph.path(header), "x.h");
  EXPECT_EQ(graph.producer(header), kNone);
  EXPECT_EQ(graph.node_count(), graph.manifest_nodes() + 1);

  EXPECT_FALSE(graph.restat(0));
  graph.add_dyndep(0, {header}, {*graph.find("d")}, true);
  EXPECT_TRUE(graph.restat(0));
  EXPECT_EQ(graph.producer(header), 0U);
  EXPECT_THAT(paths(graph, graph.dyndep_outputs(0)), ElementsAre("x.h"));
  EXPECT_THAT(paths(graph, graph.dyndep_inputs(0)), ElementsAre("d"));
  EXPECT_THAT(graph.dyndep_inputs(1), IsEmpty());
  try {
    graph.add_dyndep(1, {header}, {}, false);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "multiple rules generate x.h");
  }
}

TEST_F(GraphTest, KeepsManyNodesApart) {
  std::string manifest = kCat;
  for (int i = 0; i < 5000; ++i) {
    manifest += "build out/" + std::to_string(i) + ".o: cat in/" + std::to_string(i) + ".c\n";
  }
  Graph graph = parse(manifest);
  EXPECT_EQ(graph.node_count(), 10000U);
  for (int i = 0; i < 5000; ++i) {
    const std::string number = std::to_string(i);
    EXPECT_EQ(command_for(graph, "out/" + number + ".o"),
              "cat in/" + number + ".c > out/" + number + ".o");
    EXPECT_EQ(graph.add_node("inc/" + number + ".h"), static_cast<NodeId>(10000 + i));
  }
  EXPECT_EQ(graph.find("inc/4321.h"), 14321U);
}

}  // namespace
}  // namespace cntr::ninja
