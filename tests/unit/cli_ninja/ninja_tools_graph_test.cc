#include "cli/ninja_tools_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph_tool_fixture.h"

namespace cntr::cli {
namespace {

class NinjaToolsGraph : public GraphToolTest {
 protected:
  NinjaToolsGraph() {
    set_manifest(
        "rule cc\n"
        "  command = cc $in\n"
        "  description = CC $out of ${in} costs $$1\n"
        "rule link\n"
        "  command = link $in\n"
        "rule Archive\n"
        "  command = ar\n"
        "build a.o a.log: cc a.cc | a.h || gen.h |@ check\n"
        "build gen.h: cc gen.in\n"
        "build check: link a.o\n"
        "build app: link a.o a.o lib\n"
        "build all: phony app\n");
  }
};

TEST_F(NinjaToolsGraph, TargetsAreTheRootsAndSomeLevels) {
  EXPECT_EQ(out_of(show_targets), "a.log: cc\ncheck: link\nall: phony\n");
  EXPECT_EQ(out_of(show_targets, {"depth"}), out_of(show_targets));
  EXPECT_EQ(out_of(show_targets, {"depth", "1"}), out_of(show_targets));
  EXPECT_EQ(out_of(show_targets, {"depth", "2"}),
            "a.log: cc\n  a.cc\n  a.h\n  gen.h: cc\n"
            "check: link\n  a.o: cc\n"
            "all: phony\n  app: link\n");
}

TEST_F(NinjaToolsGraph, TargetsDownToTheSources) {
  const std::string of_a = "      a.cc\n      a.h\n      gen.h: cc\n        gen.in\n";
  EXPECT_THAT(out_of(show_targets, {"depth", "0"}),
              testing::EndsWith("all: phony\n  app: link\n    a.o: cc\n" + of_a + "    a.o: cc\n" +
                                of_a + "    lib\n"));
  EXPECT_EQ(out_of(show_targets, {"depth", "none"}), out_of(show_targets, {"depth", "0"}));
}

TEST_F(NinjaToolsGraph, TargetsOfARuleAreSortedAndUnique) {
  EXPECT_EQ(out_of(show_targets, {"rule", "cc"}), "a.log\na.o\ngen.h\n");
  EXPECT_EQ(out_of(show_targets, {"rule", "none"}), "");
}

TEST_F(NinjaToolsGraph, TargetsWithoutARuleAreTheSources) {
  EXPECT_EQ(out_of(show_targets, {"rule"}), "a.cc\na.h\ngen.in\nlib\n");
}

TEST_F(NinjaToolsGraph, AllTargets) {
  EXPECT_EQ(out_of(show_targets, {"all"}),
            "a.o: cc\na.log: cc\ngen.h: cc\ncheck: link\napp: link\nall: phony\n");
}

TEST_F(NinjaToolsGraph, UnknownModeOfTargets) {
  EXPECT_EQ(run(show_targets, {"dept"}).err,
            "error: unknown target tool mode 'dept', did you mean 'depth'?");
  EXPECT_EQ(run(show_targets, {"everything"}).err, "error: unknown target tool mode 'everything'");
}

TEST_F(NinjaToolsGraph, TargetsOfACycleEnd) {
  set_manifest("rule r\n  command = r\nbuild a: r b\nbuild b: r a\nbuild c: r a\n");
  EXPECT_EQ(out_of(show_targets, {"depth", "0"}), "c: r\n  a: r\n    b: r\n      a: r\n");
  set_manifest("rule r\n  command = r\nbuild a: r b\nbuild b: r a\n");
  EXPECT_EQ(run(show_targets).err, "error: could not determine root nodes of build graph");
}

TEST_F(NinjaToolsGraph, RulesAreSorted) {
  EXPECT_EQ(out_of(show_rules), "Archive\ncc\nlink\nphony\n");
  EXPECT_EQ(out_of(show_rules, {"-d"}), "Archive\ncc: CC ${out} of ${in} costs $1\nlink\nphony\n");
}

TEST_F(NinjaToolsGraph, HelpIsPrintedToStandardOutput) {
  const Run help = run(show_rules, {"-h"});
  EXPECT_EQ(help.code, 1);
  EXPECT_THAT(help.out, testing::StartsWith("usage: ninja -t rules [options]\n"));
  EXPECT_EQ(help.err, "");
  const Run wrong = run(show_rules, {"-x"});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_EQ(wrong.out, help.out);
  EXPECT_EQ(wrong.err, "rules: invalid option -- 'x'\n");
}

TEST_F(NinjaToolsGraph, QueryShowsBothSides) {
  EXPECT_EQ(out_of(show_query, {"a.o"}),
            "a.o:\n"
            "  input: cc\n"
            "    a.cc\n"
            "    | a.h\n"
            "    || gen.h\n"
            "  validations:\n"
            "    check\n"
            "  outputs:\n"
            "    check\n"
            "    app\n"
            "    app\n");
  EXPECT_EQ(out_of(show_query, {"check", "a.h"}),
            "check:\n"
            "  input: link\n"
            "    a.o\n"
            "  outputs:\n"
            "  validation for:\n"
            "    a.o\n"
            "    a.log\n"
            "a.h:\n"
            "  outputs:\n"
            "    a.o\n"
            "    a.log\n");
}

TEST_F(NinjaToolsGraph, QueryNeedsATarget) {
  EXPECT_EQ(run(show_query).err, "error: expected a target to query");
  const Run result = run(show_query, {"all", "none"});
  EXPECT_EQ(result.out, "all:\n  input: phony\n    app\n  outputs:\n");
  EXPECT_EQ(result.err, "error: unknown target 'none'");
}

TEST_F(NinjaToolsGraph, GraphIsWrittenForGraphviz) {
  set_manifest(
      "rule cc\n  command = cc\n"
      "build a.o: cc a\\a.cc\n"
      "build app: cc a.o b.o || gen\n");
  EXPECT_EQ(out_of(show_graph),
            "digraph ninja {\n"
            "rankdir=\"LR\"\n"
            "node [fontsize=10, shape=box, height=0.25]\n"
            "edge [fontsize=10]\n"
            "\"n2\" [label=\"app\"]\n"
            "\"e1\" [label=\"cc\", shape=ellipse]\n"
            "\"e1\" -> \"n2\"\n"
            "\"n0\" -> \"e1\" [arrowhead=none]\n"
            "\"n3\" -> \"e1\" [arrowhead=none]\n"
            "\"n4\" -> \"e1\" [arrowhead=none style=dotted]\n"
            "\"n0\" [label=\"a.o\"]\n"
            "\"n1\" -> \"n0\" [label=\" cc\"]\n"
            "\"n1\" [label=\"a/a.cc\"]\n"
            "\"n3\" [label=\"b.o\"]\n"
            "\"n4\" [label=\"gen\"]\n"
            "}\n");
}

class NinjaToolsDyndep : public GraphToolTest {
 protected:
  NinjaToolsDyndep() {
    set_manifest(
        "rule cc\n"
        "  command = cc\n"
        "build a.o: cc a.cc || dd\n"
        "  dyndep = dd\n");
  }
};

TEST_F(NinjaToolsDyndep, ItsAdditionsAreShown) {
  dyndep_files_["dd"] = "ninja_dyndep_version = 1\nbuild a.o | a.pcm: dyndep | b.pcm\n";
  EXPECT_EQ(out_of(show_query, {"a.o", "b.pcm"}),
            "a.o:\n"
            "  input: cc\n"
            "    a.cc\n"
            "    | b.pcm\n"
            "    || dd\n"
            "  outputs:\n"
            "b.pcm:\n"
            "  outputs:\n"
            "    a.o\n"
            "    a.pcm\n");
}

TEST_F(NinjaToolsDyndep, ItsAdditionsAreInTheGraph) {
  dyndep_files_["dd"] = "ninja_dyndep_version = 1\nbuild a.o | a.pcm: dyndep | b.pcm\n";
  const std::string graph = out_of(show_graph, {"a.o"});
  EXPECT_THAT(graph, testing::HasSubstr("\"e0\" -> \"n0\"\n\"e0\" -> \"n3\"\n"
                                        "\"n1\" -> \"e0\" [arrowhead=none]\n"
                                        "\"n4\" -> \"e0\" [arrowhead=none]\n"
                                        "\"n2\" -> \"e0\" [arrowhead=none style=dotted]\n"));
}

TEST_F(NinjaToolsDyndep, WithoutTheFileThereIsAWarning) {
  const Run result = run(show_query, {"a.o", "a.o"});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.err, "ninja: warning: loading 'dd': No such file or directory\n\n");
  EXPECT_THAT(result.out, testing::HasSubstr("    a.cc\n    || dd\n"));
}

}  // namespace
}  // namespace cntr::cli
