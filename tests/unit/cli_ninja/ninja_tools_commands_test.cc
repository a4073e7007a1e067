#include "cli/ninja_tools_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph_tool_fixture.h"

namespace cntr::cli {
namespace {

using std::string_literals::operator""s;

class NinjaToolsCommands : public GraphToolTest {
 protected:
  NinjaToolsCommands() {
    set_manifest(
        "rule cc\n"
        "  command = cc $in -o $out\n"
        "rule link\n"
        "  command = link @$out.rsp\n"
        "  rspfile = $out.rsp\n"
        "  rspfile_content = $in_newline -l\"m\"\n"
        "build a.o: cc a.cc | a.h || gen.h\n"
        "build b.o: cc b$ b.cc gen.h\n"
        "build gen.h: cc gen.in\n"
        "build app: link a.o b.o\n"
        "build all: phony app\n"
        "build other: cc other.cc\n"
        "default all\n");
  }

  // One entry of a compilation database.
  static std::string entry(const std::string& command, const std::string& file,
                           const std::string& output) {
    return "\n  {\n    \"directory\": \"/the/tree\",\n    \"command\": \"" + command +
           "\",\n    \"file\": \"" + file + "\",\n    \"output\": \"" + output + "\"\n  }";
  }
};

TEST_F(NinjaToolsCommands, EachBehindWhatItNeeds) {
  EXPECT_EQ(out_of(show_commands),
            "cc gen.in -o gen.h\n"
            "cc a.cc -o a.o\n"
            "cc 'b b.cc' gen.h -o b.o\n"
            "link @app.rsp\n");
  EXPECT_EQ(out_of(show_commands, {"a.o", "gen.h", "other"}),
            "cc gen.in -o gen.h\ncc a.cc -o a.o\ncc other.cc -o other\n");
  EXPECT_EQ(out_of(show_commands, {"a.cc"}), "");
}

TEST_F(NinjaToolsCommands, OnlyTheTargetsOwn) {
  EXPECT_EQ(out_of(show_commands, {"-s", "app"}), "link @app.rsp\n");
  EXPECT_EQ(out_of(show_commands, {"app", "a.o", "app", "-s"}), "link @app.rsp\ncc a.cc -o a.o\n");
  EXPECT_EQ(out_of(show_commands, {"-s"}), "") << "the default target is phony";
}

TEST_F(NinjaToolsCommands, UnknownTargetAndUnknownOption) {
  EXPECT_EQ(run(show_commands, {"none"}).err, "error: unknown target 'none'");
  const Run wrong = run(show_commands, {"-z"});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_EQ(wrong.err, "commands: invalid option -- 'z'\n");
  EXPECT_THAT(wrong.out, testing::StartsWith("usage: ninja -t commands [options] [targets]\n"));
}

TEST_F(NinjaToolsCommands, VeryDeepGraphsAreWalked) {
  std::string manifest = "rule r\n  command = $out\n";
  for (int i = 0; i < 20'000; ++i) {
    manifest += "build n" + std::to_string(i) + ": r n" + std::to_string(i + 1) + "\n";
  }
  set_manifest(manifest);
  EXPECT_THAT(out_of(show_commands), testing::StartsWith("n19999\nn19998\n"));
  EXPECT_THAT(out_of(show_inputs, {"-d"}), testing::StartsWith("n20000\nn19999\n"));
}

TEST_F(NinjaToolsCommands, CompdbHasOneEntryForEachInput) {
  EXPECT_EQ(out_of(show_compdb, {"link"}), "[" + entry("link @app.rsp", "a.o", "app") + "," +
                                               entry("link @app.rsp", "b.o", "app") + "\n]\n");
  const std::string b = "cc 'b b.cc' gen.h -o b.o";
  EXPECT_EQ(out_of(show_compdb, {"cc"}),
            "[" + entry("cc a.cc -o a.o", "a.cc", "a.o") + "," +
                entry("cc a.cc -o a.o", "a.h", "a.o") + "," +
                entry("cc a.cc -o a.o", "gen.h", "a.o") + "," + entry(b, "b b.cc", "b.o") + "," +
                entry(b, "gen.h", "b.o") + "," + entry("cc gen.in -o gen.h", "gen.in", "gen.h") +
                "," + entry("cc other.cc -o other", "other.cc", "other") + "\n]\n");
  EXPECT_EQ(out_of(show_compdb, {"none"}), "[\n]\n");
  EXPECT_THAT(out_of(show_compdb), testing::HasSubstr(entry("", "app", "all")));
}

TEST_F(NinjaToolsCommands, CompdbTakesTheResponseFilesContent) {
  const std::string command = R"(link a.o b.o -l\"m\")";
  EXPECT_EQ(out_of(show_compdb, {"-x", "link"}),
            "[" + entry(command, "a.o", "app") + "," + entry(command, "b.o", "app") + "\n]\n");
}

TEST_F(NinjaToolsCommands, WaysToNameAResponseFile) {
  const auto expanded = [this](const std::string& command) {
    set_manifest("rule r\n  command = " + command +
                 "\n  rspfile = x.rsp\n  rspfile_content = $in\nbuild x: r a.o\n");
    const std::string text = out_of(show_compdb, {"-x"});
    const size_t begin = text.find("\"command\": \"") + 12;
    return text.substr(begin, text.find('"', begin) - begin);
  };
  EXPECT_EQ(expanded("ld @x.rsp"), "ld a.o");
  EXPECT_EQ(expanded("ld --option-file=x.rsp -g"), "ld a.o -g");
  EXPECT_EQ(expanded("ld -f x.rsp"), "ld a.o");
  EXPECT_EQ(expanded("ld -f y -f x.rsp"), "ld -f y -f x.rsp") << "only the first -f";
  EXPECT_EQ(expanded("x.rsp"), "x.rsp");
  EXPECT_EQ(expanded("abx.rsp"), "abx.rsp");
  EXPECT_EQ(expanded("ld y.rsp"), "ld y.rsp");
}

TEST_F(NinjaToolsCommands, CompdbIsJson) {
  set_manifest("rule r\n  command = a\tb \"c\" \\ \x01 \x1f \xc3\xa4\nbuild x: r \"y\n");
  EXPECT_EQ(out_of(show_compdb),
            "[" + entry("a\\tb \\\"c\\\" \\\\ \\u0001 \\u001f \xc3\xa4", "\\\"y", "x") + "\n]\n");
}

TEST_F(NinjaToolsCommands, CompdbLeavesOutWhatOnlyValidates) {
  set_manifest(
      "rule r\n  command = $out\n"
      "build a: r in |@ check used\n"
      "build check: r in\n"
      "build used: r in\n"
      "build b: r used\n"
      "build no_inputs: r\n");
  EXPECT_EQ(out_of(show_compdb), "[" + entry("a", "in", "a") + "," + entry("used", "in", "used") +
                                     "," + entry("b", "used", "b") + "\n]\n");
}

TEST_F(NinjaToolsCommands, CompdbOfTargets) {
  EXPECT_EQ(out_of(show_compdb_targets, {"gen.h", "other"}),
            "[" + entry("cc gen.in -o gen.h", "gen.in", "gen.h") + "," +
                entry("cc other.cc -o other", "other.cc", "other") + "\n]\n");
  EXPECT_THAT(out_of(show_compdb_targets, {"-x", "all"}),
              testing::HasSubstr(entry(R"(link a.o b.o -l\"m\")", "b.o", "app")));
}

TEST_F(NinjaToolsCommands, CompdbOfWrongTargets) {
  EXPECT_EQ(run(show_compdb_targets, {"none"}).err, "ninja: fatal: unknown target 'none'\n");
  const Run source = run(show_compdb_targets, {"app", "a.cc"});
  EXPECT_EQ(source.err,
            "ninja: fatal: 'a.cc' is not a target (i.e. it is not an output of any `build` "
            "statement)\n");
  EXPECT_EQ(source.out, "");
  EXPECT_EQ(source.code, 1);
  const Run none = run(show_compdb_targets);
  EXPECT_EQ(none.err, "ninja: error: compdb-targets expects the name of at least one target\n");
  EXPECT_THAT(none.out, testing::StartsWith("usage: ninja -t compdb-targets "));
  EXPECT_EQ(none.code, 1);
}

TEST_F(NinjaToolsCommands, InputsAreSortedAndQuoted) {
  EXPECT_EQ(out_of(show_inputs), "'b b.cc'\na.cc\na.h\na.o\napp\nb.o\ngen.h\ngen.in\n");
  EXPECT_EQ(out_of(show_inputs, {"-E", "b.o"}), "b b.cc\ngen.h\ngen.in\n");
  EXPECT_EQ(out_of(show_inputs, {"--print0", "b.o"}), "'b b.cc'\0gen.h\0gen.in\0"s);
  EXPECT_EQ(out_of(show_inputs, {"a.cc"}), "");
}

TEST_F(NinjaToolsCommands, InputsInTheOrderOfTheBuild) {
  EXPECT_EQ(out_of(show_inputs, {"--dependency-order", "app", "all"}),
            "a.cc\na.h\ngen.in\ngen.h\na.o\n'b b.cc'\nb.o\napp\n");
}

TEST_F(NinjaToolsCommands, InputsOfPhonyTargetsStandForThem) {
  set_manifest(
      "rule r\n  command = r\n"
      "build out: r group\n"
      "build group: phony it's.in empty\n"
      "build empty: phony\n");
  EXPECT_EQ(out_of(show_inputs), "'it'\\''s.in'\n");
}

TEST_F(NinjaToolsCommands, MultiInputsNameTheTarget) {
  EXPECT_EQ(out_of(show_multi_inputs, {"b.o", "gen.h"}),
            "b.o\tb b.cc\nb.o\tgen.in\nb.o\tgen.h\ngen.h\tgen.in\n");
  EXPECT_EQ(out_of(show_multi_inputs, {"gen.h", "-0", "--delimiter=: "}), "gen.h: gen.in\0"s);
  EXPECT_EQ(run(show_multi_inputs, {"-d"}).err,
            "multi-inputs: option requires an argument -- 'd'\n");
}

}  // namespace
}  // namespace cntr::cli
