// Which value a variable has where: scopes, rules, evaluation.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/digest.h"
#include "manifest_fixture.h"

namespace cntr::ninja {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using ScopeTest = ManifestTest;

TEST_F(ScopeTest, EvaluatesVariablesWhereTheyAreWritten) {
  const Graph graph = parse(
      "a = 1\n"
      "b = $a$a\n"
      "a = 2\n"
      "c = ${a}b $b $none.\n");
  EXPECT_EQ(graph.variable("b"), "11");
  EXPECT_EQ(graph.variable("c"), "2b 11 .");
}

TEST_F(ScopeTest, KeepsNoOldValue) {
  const Graph graph = parse("a = 1\na = ${a}2\na = ${a}3\n");
  EXPECT_EQ(graph.variable("a"), "123");
}

TEST_F(ScopeTest, LetsRulesSeeTheLastValues) {
  const Graph graph = parse(
      "flags = early\n"
      "rule r\n"
      "  command = c $flags\n"
      "build a: r\n"
      "build b: r\n"
      "  own = $flags\n"
      "flags = late\n");
  EXPECT_EQ(graph.command(0), "c late");
  EXPECT_EQ(graph.binding(1, "own"), "early");
  EXPECT_EQ(graph.command_digest(0), digest_of("c late"));
}

TEST_F(ScopeTest, EvaluatesPathsInTheEdge) {
  const Graph graph = parse(std::string(kCat) +
                            "dir = top\n"
                            "build $dir/a$x: cat ${dir}/b$y | $dir/i || $dir/o |@ $dir/v\n"
                            "  dir = own\n"
                            "  x = .o\n"
                            "dir = later\n"
                            "build $dir: cat\n"
                            "y = z\n");
  EXPECT_THAT(paths(graph, graph.outputs(0)), ElementsAre("own/a.o"));
  EXPECT_THAT(paths(graph, graph.outputs(1)), ElementsAre("later"));
  EXPECT_THAT(paths(graph, graph.validations(0)), ElementsAre("own/v"));
}

TEST_F(ScopeTest, EvaluatesAnEdgesVariablesInTheFile) {
  const Graph graph = parse(
      "x = file\n"
      "rule r\n"
      "  command = $x $y\n"
      "build a: r\n"
      "  x = edge\n"
      "  y = $x\n");
  EXPECT_EQ(graph.command(0), "edge file");
}

TEST_F(ScopeTest, TakesTheLastOfEqualNames) {
  const Graph graph = parse(
      "rule r\n"
      "  command = first\n"
      "  command = $x\n"
      "build a: r\n"
      "  x = 1\n"
      "  b = 0\n"
      "  x = 2\n");
  EXPECT_EQ(graph.command(0), "2");
  EXPECT_EQ(graph.binding(0, "b"), "0");
}

TEST_F(ScopeTest, LetsEdgesOverrideTheRule) {
  const Graph graph = parse(
      "rule r\n"
      "  command = c $out\n"
      "  description = $command!\n"
      "build a: r\n"
      "  command = other $out\n"
      "  description =\n"
      "build b: r\n"
      "  command = other\n");
  // An edge's variables know no $out.
  EXPECT_EQ(graph.command(0), "other ");
  EXPECT_EQ(graph.binding(0, "description"), "");
  EXPECT_EQ(graph.binding(1, "description"), "other!");
}

TEST_F(ScopeTest, LooksUpRuleVariablesInTheRule) {
  const Graph graph = parse(
      "rule r\n"
      "  command = c -MF $depfile @$rspfile $description\n"
      "  depfile = $out.d\n"
      "  rspfile = $out.rsp\n"
      "  rspfile_content = $in_newline\n"
      "  description = $name\n"
      "build a: r b c$ d\n"
      "  name = N\n");
  EXPECT_EQ(graph.command(0), "c -MF a.d @a.rsp N");
  EXPECT_EQ(graph.binding(0, "rspfile_content"), "b\n'c d'");
  EXPECT_EQ(graph.command_text(0), "c -MF a.d @a.rsp N;rspfile=b\n'c d'");
  EXPECT_EQ(graph.command_digest(0), digest_of("c -MF a.d @a.rsp N;rspfile=b\n'c d'"));
}

TEST_F(ScopeTest, HasNoCommandForPhonyEdges) {
  const Graph graph = parse("command = x\nbuild a: phony b\n");
  EXPECT_EQ(graph.command_text(0), "");
  EXPECT_EQ(graph.command_digest(0), digest_of(""));
}

TEST_F(ScopeTest, AlwaysHasThePathsInInAndOut) {
  const Graph graph = parse(
      "in = file\n"
      "rule r\n"
      "  command = $in:$out\n"
      "build a: r b\n"
      "  in = edge\n"
      "  out = edge\n");
  EXPECT_EQ(graph.command(0), "b:a");
  EXPECT_EQ(graph.binding(0, "in"), "b");
}

// ninja's: an edge without variables has no scope of its own, and the one that it is in comes
// before the rule.
TEST_F(ScopeTest, TakesTheFilesVariableBeforeTheRulesForAnEdgeWithoutAny) {
  const Graph graph = parse(
      "description = file\n"
      "rule r\n"
      "  command = c $description\n"
      "  description = rule\n"
      "build a: r\n"
      "build b: r\n"
      "  x = 1\n");
  EXPECT_EQ(graph.command(0), "c file");
  EXPECT_EQ(graph.command(1), "c rule");
}

TEST_F(ScopeTest, FallsBackToTheFilesVariables) {
  files_["sub.ninja"] =
      "rule s\n"
      "  command = s\n"
      "build c: s\n"
      "build d: s\n"
      "  x = 1\n";
  const Graph graph = parse(
      "restat = 1\n"
      "rspfile = unseen\n"
      "depfile = f.d\n"
      "rule r\n"
      "  command = r\n"
      "  depfile = r.d\n"
      "build a: r\n"
      "  x = 1\n"
      "subninja sub.ninja\n");
  EXPECT_TRUE(graph.restat(edge_of(graph, "a")));
  EXPECT_EQ(graph.binding(edge_of(graph, "a"), "depfile"), "r.d");
  for (const char* output : {"c", "d"}) {
    const EdgeId edge = edge_of(graph, output);
    EXPECT_TRUE(graph.restat(edge)) << output;
    EXPECT_EQ(graph.binding(edge, "depfile"), "f.d") << output;
    // Every rule binds this, if only to nothing.
    EXPECT_EQ(graph.binding(edge, "rspfile"), "") << output;
  }
}

TEST_F(ScopeTest, GivesASubninjaItsOwnScope) {
  files_["sub.ninja"] =
      "build $dir/in: r\n"
      "dir = sub\n"
      "rule r\n"
      "  command = sub $dir\n"
      "build $dir/b: r\n";
  files_["sub2.ninja"] = "build $dir/d: r\n";
  files_["late.ninja"] = "dir = $dir!\n";
  const Graph graph = parse(
      "dir = main\n"
      "rule r\n"
      "  command = main $dir\n"
      "build $dir/a: r\n"
      "subninja sub.ninja\n"
      "subninja sub2.ninja\n"
      "build $dir/c: r\n"
      "dir = end\n"
      // Read after the line above was.
      "include late.ninja\n");
  EXPECT_EQ(command_for(graph, "main/a"), "main end!");
  EXPECT_EQ(command_for(graph, "main/in"), "main sub");
  EXPECT_EQ(command_for(graph, "sub/b"), "sub sub");
  EXPECT_EQ(command_for(graph, "main/c"), "main end!");
  EXPECT_EQ(command_for(graph, "main/d"), "main end!");
}

TEST_F(ScopeTest, LetsAnIncludedFileShareTheScope) {
  files_["inc.ninja"] =
      "x = included\n"
      "rule r\n"
      "  command = c $x\n";
  const Graph graph = parse(
      "x = main\n"
      "file = inc\n"
      "include $file.ninja\n"
      "build $x: r\n");
  EXPECT_EQ(command_for(graph, "included"), "c included");
}

TEST_F(ScopeTest, TakesThePoolAndTheDyndepFileAtTheEdge) {
  const Graph graph = parse(
      "p = console\n"
      "dd = a\n"
      "rule r\n"
      "  command = c\n"
      "  pool = $p\n"
      "  dyndep = $dd\n"
      "build x: r a b\n"
      "p =\n"
      "dd = b\n"
      "build y: r a b\n");
  EXPECT_EQ(graph.edge(0).pool, kConsolePool);
  EXPECT_EQ(graph.edge(0).dyndep, graph.find("a"));
  EXPECT_EQ(graph.edge(1).pool, kDefaultPool);
  EXPECT_EQ(graph.edge(1).dyndep, graph.find("b"));
  EXPECT_EQ(graph.binding(0, "pool"), "");
}

// The lines of an edge that equal those of the one before are not read again.
TEST_F(ScopeTest, SeesWhatChangedBetweenLikeEdges) {
  const Graph graph = parse(
      "v = 1\n"
      "rule r\n"
      "  command = $a|$b|$c|$d\n"
      "rule s\n"
      "  command = $a\n"
      "build 1: r\n  a = A\n  b = $v\n  c = C $\n    D\n"
      "v = 2\n"
      "build 2: r\n  a = A\n  b = $v\n  c = C $\n    D\n"
      "build 3: s\n  a = A\n"
      "build 4: r\n  a = A\n  c = C $\n    D\n"
      "build 5: r\n  c = C $\n    D\n  a = A\n  d = D\n"
      "build 6: r\n  c = C $\n    D\n  a = A\n  d = DD\n"
      "build 7: r\n  c = C $\n    D\n  a = A\n"
      "build 8: r\n");
  EXPECT_EQ(command_for(graph, "1"), "A|1|C D|");
  EXPECT_EQ(command_for(graph, "2"), "A|2|C D|");
  EXPECT_EQ(command_for(graph, "3"), "A");
  EXPECT_EQ(command_for(graph, "4"), "A||C D|");
  EXPECT_EQ(command_for(graph, "5"), "A||C D|D");
  EXPECT_EQ(command_for(graph, "6"), "A||C D|DD");
  EXPECT_EQ(command_for(graph, "7"), "A||C D|");
  EXPECT_EQ(command_for(graph, "8"), "|||");
  EXPECT_EQ(graph.edge(7).line, 37U);
}

TEST_F(ScopeTest, FindsVariablesAmongMany) {
  std::string manifest = "rule r\n  command = $v1 $v25 $v39 $v40\n";
  std::string edge = "build x: r\n";
  for (int i = 39; i >= 0; --i) {
    manifest += "v" + std::to_string(i) + " = file\n";
    edge += "  v" + std::to_string(i) + " = " + std::to_string(i) + "\n";
  }
  const Graph graph = parse(manifest + edge);
  EXPECT_EQ(graph.command(0), "1 25 39 ");
  EXPECT_EQ(graph.variable("v17"), "file");
}

TEST_F(ScopeTest, RefusesRuleVariablesThatReferToThemselves) {
  const auto manifest = [](const std::string& bindings) {
    return "rule r\n" + bindings + "build a: r\n";
  };
  EXPECT_EQ(error_of(manifest("  command = $command\n")),
            "cycle in rule variables: command -> command");
  EXPECT_EQ(error_of(manifest("  command = $depfile\n  depfile = x $description\n"
                              "  description = $restat\n  restat = $description\n")),
            "cycle in rule variables: description -> restat -> description");
  // Twice the same is no cycle.
  EXPECT_EQ(command_for(parse(manifest("  command = $depfile $depfile\n  depfile = d\n")), "a"),
            "d d");
  // Nor is what the edge gives.
  EXPECT_EQ(command_for(parse("rule r\n  command = $depfile\n  depfile = $command\n"
                              "build a: r\n  depfile = d\n"),
                        "a"),
            "d");
}

TEST_F(ScopeTest, RefusesValuesThatNoMachineCanHold) {
  std::string manifest = "a = 0123456789abcdef\n";
  for (int i = 0; i < 40; ++i) manifest += "a = $a$a\n";
  EXPECT_EQ(error_of(manifest), "the value of 'a' is too long");

  manifest = "rule r\n  command = $depfile$depfile$depfile$depfile\n";
  const char* names[] = {"depfile", "deps",    "description",     "generator",
                         "restat",  "rspfile", "rspfile_content", "msvc_deps_prefix"};
  for (size_t i = 0; i + 1 < std::size(names); ++i) {
    manifest += std::string("  ") + names[i] + " = ";
    for (int n = 0; n < 16; ++n) manifest += std::string("$") + names[i + 1];
    manifest += "\n";
  }
  EXPECT_THAT(error_of(manifest + "build x: r\n"), HasSubstr("is too long"));
}

}  // namespace
}  // namespace cntr::ninja
