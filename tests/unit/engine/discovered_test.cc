// Inputs that only a run tells: depfiles, deps = gcc, deps = msvc, and the programs of commands.
#include "engine_fixture.h"

namespace cntr::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class DiscoveredTest : public EngineTest {
 protected:
  // An edge whose command writes this depfile.
  static std::string edge(const std::string& depfile, const std::string& more = "") {
    return "build out: run in\n  do = cat in > out && echo " + depfile +
           " > out.d\n  depfile = out.d\n" + more;
  }
};

TEST_F(DiscoveredTest, AHeaderOfADepfileIsAnInput) {
  disk_.put("in", "1");
  disk_.put("h", "1");
  manifest(edge("out: in ./h"));
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_THAT(discovered_of("out"), ElementsAre("h"));
  EXPECT_TRUE(disk_.exists("out.d"));
  EXPECT_THAT(build(), IsEmpty());
  disk_.touch("h");
  EXPECT_THAT(build(), IsEmpty());
  disk_.put("h", "2");
  options_.explain = true;
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_THAT(status_->explanations_, ElementsAre("out: input h: content changed"));
}

TEST_F(DiscoveredTest, WithDepsGccTheDepfileIsNotNeededLater) {
  disk_.put("in", "1");
  disk_.put("h", "1");
  manifest(edge("out: in h", "  deps = gcc\n"));
  build();
  EXPECT_FALSE(disk_.exists("out.d"));
  EXPECT_THAT(build(), IsEmpty());
  disk_.put("h", "2");
  options_.keep_depfile = true;
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_TRUE(disk_.exists("out.d"));
}

TEST_F(DiscoveredTest, ADepfileThatIsGoneIsNoReasonToRun) {
  disk_.put("in", "1");
  manifest(edge("out: in"));
  build();
  disk_.remove("out.d");
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(DiscoveredTest, AHeaderThatHasGoneRunsAndIsNoError) {
  disk_.put("in", "1");
  disk_.put("h", "1");
  manifest(edge("out: in h"));
  build();
  disk_.remove("h");
  manifest(edge("out: in"));
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_EQ(result_.message, "");
  EXPECT_THAT(discovered_of("out"), IsEmpty());
}

TEST_F(DiscoveredTest, ExplainsThatAHeaderHasGone) {
  disk_.put("in", "1");
  disk_.put("h", "1");
  manifest(edge("out: in h"));
  build();
  disk_.remove("h");
  options_.explain = true;
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_THAT(status_->explanations_, ElementsAre("out: input h: gone"));
  // The command still names it: that it is not there is what is known now.
  EXPECT_THAT(build(), IsEmpty());
  disk_.put("h", "1");
  EXPECT_THAT(build(), ElementsAre("out"));
}

TEST_F(DiscoveredTest, AnInputOfTheManifestIsNotDiscovered) {
  disk_.put("in", "1");
  manifest(edge("out: in in out"));
  build();
  EXPECT_THAT(discovered_of("out"), IsEmpty());
}

TEST_F(DiscoveredTest, AHeaderThatIsEditedWhileTheCommandRunsLeavesNoRecord) {
  disk_.put("in", "1");
  disk_.put("h", "1");
  manifest(edge("out: in h"));
  prepare_ = [this](FakeRunner& runner) {
    runner.while_running_["cat in > out && echo out: in h > out.d"] = [this] {
      disk_.put("h", "2");
    };
  };
  build();
  prepare_ = nullptr;
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_THAT(build(), IsEmpty());
  // Also when it was known before.
  disk_.put("in", "2");
  prepare_ = [this](FakeRunner& runner) {
    runner.while_running_["cat in > out && echo out: in h > out.d"] = [this] {
      disk_.put("h", "3");
    };
  };
  build();
  prepare_ = nullptr;
  EXPECT_THAT(build(), ElementsAre("out"));
}

TEST_F(DiscoveredTest, AHeaderThatIsMadeIsWaitedFor) {
  disk_.put("in", "1");
  disk_.put("h.in", "1");
  manifest("build h: cat h.in\n" + edge("out: in h", "build all: phony out h\n"));
  EXPECT_THAT(build("all"), ElementsAre("h", "out"));
  EXPECT_THAT(build("all"), IsEmpty());
  disk_.put("h.in", "2");
  EXPECT_THAT(build("out"), ElementsAre("h", "out"));
  EXPECT_THAT(build("all"), IsEmpty());
}

TEST_F(DiscoveredTest, AMadeHeaderOfEqualContentRunsNothing) {
  disk_.put("in", "1");
  disk_.put("h.in", "1");
  manifest("build h: run h.in\n  do = echo same > h\n" + edge("out: in h", "  deps = gcc\n"));
  build("h");
  build("out");
  disk_.put("h.in", "2");
  EXPECT_THAT(build("out"), ElementsAre("h"));
}

TEST_F(DiscoveredTest, WhatWasDiscoveredLongAgoMakesNoCycle) {
  disk_.put("in", "1");
  disk_.put("h", "1");
  manifest(edge("out: in h", "build last: cat out\n"));
  build();
  // Now the header is made from what reads it.
  manifest(edge("out: in", "build h: cat out\nbuild last: cat out h\n"));
  EXPECT_THAT(build(), ElementsAre("out", "h", "last"));
  EXPECT_EQ(result_.message, "");
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(DiscoveredTest, ADamagedDepfileFailsTheCommand) {
  disk_.put("in", "1");
  manifest(edge("no colon"));
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_EQ(output_of("out"), "out.d: expected ':' in depfile");
  EXPECT_EQ(result_.exit_code, 1);
  EXPECT_THAT(build(), ElementsAre("out"));
}

TEST_F(DiscoveredTest, ADamagedDepfileIsToldAfterTheOutput) {
  disk_.put("in", "1");
  manifest("build out: run in\n  do = echo hello && echo x > d\n  depfile = d\n  deps = gcc\n");
  build();
  EXPECT_EQ(output_of("out"), "hello\n\nd: expected ':' in depfile");
}

TEST_F(DiscoveredTest, AFailedCommandIsNotBlamedForItsDepfile) {
  disk_.put("in", "1");
  manifest("build out: run in\n  do = echo x > d && echo why && exit 5\n  depfile = d\n");
  build();
  EXPECT_EQ(output_of("out"), "why\n");
  EXPECT_EQ(result_.exit_code, 5);
}

TEST_F(DiscoveredTest, NoDepfileIsAsAnEmptyOne) {
  disk_.put("in", "1");
  manifest("build out: run in\n  do = touch out\n  depfile = out.d\n  deps = gcc\n");
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(DiscoveredTest, DepsGccWithoutADepfileIsAMistake) {
  manifest("build out: run\n  do = touch out\n  deps = gcc\n");
  build();
  EXPECT_EQ(output_of("out"), "edge with deps=gcc but no depfile makes no sense");
  EXPECT_EQ(result_.exit_code, 1);
}

TEST_F(DiscoveredTest, MsvcTellsItsHeadersInItsOutput) {
  disk_.put("in", "1");
  disk_.put("h", "1");
  manifest(
      "build out: run in\n  deps = msvc\n"
      "  do = echo Note: including file: ./h && echo other words && touch out\n");
  build();
  EXPECT_EQ(output_of("out"), "other words\n");
  EXPECT_THAT(discovered_of("out"), ElementsAre("h"));
  disk_.put("h", "2");
  EXPECT_THAT(build(), ElementsAre("out"));
}

TEST_F(DiscoveredTest, MsvcSpeaksManyLanguages) {
  disk_.put("in", "1");
  disk_.put("h", "1");
  manifest(
      "build out: run in\n  deps = msvc\n  msvc_deps_prefix = Hinweis:\n"
      "  do = echo Hinweis: h && touch out\n");
  build();
  EXPECT_EQ(output_of("out"), "");
  EXPECT_THAT(discovered_of("out"), ElementsAre("h"));
}

TEST_F(DiscoveredTest, TheOutputOfAFailedMsvcIsFilteredToo) {
  manifest(
      "build out: run\n  deps = msvc\n"
      "  do = echo Note: including file: h && echo why && exit 2\n");
  build();
  EXPECT_EQ(output_of("out"), "why\n");
  EXPECT_EQ(result_.exit_code, 2);
}

// Programs.

TEST_F(DiscoveredTest, AProgramIsAnInput) {
  disk_.put("in", "1");
  disk_.put("tool", "v1 ");
  manifest("build out: run in\n  do = ./tool in > out\n");
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_THAT(discovered_of("out"), ElementsAre("tool"));
  disk_.touch("tool");
  EXPECT_THAT(build(), IsEmpty());
  disk_.put("tool", "v2 ");
  options_.explain = true;
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_THAT(status_->explanations_, ElementsAre("out: program tool: changed"));
  EXPECT_EQ(disk_.text("out"), "v2 1");
}

TEST_F(DiscoveredTest, AProgramThatIsMadeIsKnownByTheNameOfTheGraph) {
  disk_.put("in", "1");
  disk_.put("tool.in", "v1 ");
  manifest("build tool: cat tool.in\nbuild out: run in | tool\n  do = ./tool in > out\n");
  EXPECT_THAT(build(), ElementsAre("tool", "out"));
  EXPECT_THAT(discovered_of("out"), IsEmpty());
  EXPECT_THAT(build(), IsEmpty());
  disk_.put("tool.in", "v2 ");
  EXPECT_THAT(build(), ElementsAre("tool", "out"));
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(DiscoveredTest, AMadeProgramThatTheManifestOnlyOrdersCounts) {
  disk_.put("in", "1");
  disk_.put("tool.in", "v1 ");
  manifest("build tool: cat tool.in\nbuild out: run in || tool\n  do = ./tool in > out\n");
  build();
  EXPECT_THAT(build(), IsEmpty());
  disk_.put("tool.in", "v2 ");
  EXPECT_THAT(build(), ElementsAre("tool", "out"));
}

TEST_F(DiscoveredTest, TheProgramOfAGeneratorDoesNotCount) {
  disk_.put("in", "1");
  disk_.put("tool", "v1 ");
  manifest("build out: run in\n  do = ./tool in > out\n  generator = 1\n");
  EXPECT_THAT(build(), ElementsAre("out"));
  disk_.put("tool", "v2 ");
  EXPECT_THAT(build(), IsEmpty());
}

}  // namespace
}  // namespace cntr::engine
