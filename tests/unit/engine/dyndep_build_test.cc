// Dyndep files: read when the build is planned, or in the middle of it.
#include "engine_fixture.h"

namespace cntr::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr const char* kHeader = "ninja_dyndep_version = 1\n";

class DyndepBuildTest : public EngineTest {
 protected:
  void dyndep(const std::string& path, const std::string& text) { disk_.put(path, kHeader + text); }
};

TEST_F(DyndepBuildTest, AFileThatIsThereIsReadBeforeTheBuild) {
  disk_.put("in", "1");
  disk_.put("module", "1");
  dyndep("dd", "build out: dyndep | module\n");
  manifest("build out: cat in || dd\n  dyndep = dd\n");
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_THAT(build(), IsEmpty());
  disk_.put("module", "2");
  EXPECT_THAT(build(), ElementsAre("out"));
}

TEST_F(DyndepBuildTest, TheFileItselfIsNoInputUnlessItIsNamedAsOne) {
  disk_.put("in", "1");
  dyndep("dd", "build out: dyndep\n");
  manifest("build out: cat in || dd\n  dyndep = dd\n");
  build();
  dyndep("dd", "# other words\nbuild out: dyndep\n");
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(DyndepBuildTest, AMissingFileIsAnError) {
  manifest("build out: touch || dd\n  dyndep = dd\n");
  EXPECT_EQ(error_of(), "loading 'dd': No such file or directory");
}

TEST_F(DyndepBuildTest, AFileThatTheBuildShouldHaveMadeIsAnError) {
  manifest("build dd: run\n  do = true\nbuild out: touch || dd\n  dyndep = dd\n");
  build();
  EXPECT_EQ(result_.message, "loading 'dd': No such file or directory");
  EXPECT_EQ(status_->events_.back(), "finish");
  EXPECT_FALSE(disk_.exists("out"));
}

TEST_F(DyndepBuildTest, ASyntaxErrorEndsWhatRuns) {
  dyndep("dd.in", "build out: touch\n");
  disk_.put("in", "1");
  manifest("build dd: cat dd.in\nbuild out: touch || dd\n  dyndep = dd\nbuild other: cat in\n");
  prepare_ = [](FakeRunner& runner) { runner.parallelism_ = 2; };
  build("out other");
  EXPECT_THAT(result_.message, HasSubstr("dd:2: expected build command name 'dyndep'"));
  EXPECT_EQ(runner_->aborted_, 1u);
  EXPECT_FALSE(disk_.exists("other"));
}

TEST_F(DyndepBuildTest, AnEdgeThatItLeavesOutIsAnError) {
  dyndep("dd", "");
  manifest("build out: touch || dd\n  dyndep = dd\n");
  EXPECT_EQ(error_of(), "'out' not mentioned in its dyndep file 'dd'");
}

TEST_F(DyndepBuildTest, AnotherEdgeThatItMentionsIsAnError) {
  dyndep("dd", "build out: dyndep\nbuild in: dyndep\n");
  manifest("build out: touch || dd\n  dyndep = dd\nbuild in: touch\n");
  EXPECT_EQ(error_of(),
            "dyndep file 'dd' mentions output 'in' whose build statement does not have "
            "a dyndep binding for the file");
}

TEST_F(DyndepBuildTest, TwoEdgesThatMakeOneFileAreAnError) {
  dyndep("dd", "build out1 | same: dyndep\nbuild out2: dyndep\n");
  manifest(
      "build out1: touch || dd\n  dyndep = dd\nbuild out2 | same: touch || dd\n  dyndep = dd\n");
  EXPECT_EQ(error_of(), "multiple rules generate same");
}

TEST_F(DyndepBuildTest, ACycleThatItMakesIsAnError) {
  dyndep("dd", "build out: dyndep | circle\n");
  manifest("build out: touch || dd\n  dyndep = dd\nbuild circle: cat out\n");
  EXPECT_EQ(error_of("out"), "dependency cycle: out -> circle -> out");
}

TEST_F(DyndepBuildTest, ACycleThatItMakesInTheMiddleIsAnError) {
  dyndep("dd.in", "build out: dyndep | circle\n");
  manifest("build dd: cat dd.in\nbuild out: touch || dd\n  dyndep = dd\nbuild circle: cat out\n");
  build("out");
  EXPECT_EQ(result_.message, "dependency cycle: out -> circle -> out");
}

TEST_F(DyndepBuildTest, AFileThatIsMadeNamesAnInputThatIsMade) {
  dyndep("dd.in", "build out: dyndep | module\n");
  disk_.put("module.in", "1");
  disk_.put("in", "1");
  manifest(
      "build dd: cat dd.in\nbuild out: cat in || dd\n  dyndep = dd\n"
      "build module: cat module.in\n");
  EXPECT_THAT(build("out"), ElementsAre("dd", "module", "out"));
  EXPECT_THAT(status_->totals_, ElementsAre(2u, 3u));
  EXPECT_THAT(build("out"), IsEmpty());
  disk_.put("module.in", "2");
  EXPECT_THAT(build("out"), ElementsAre("module", "out"));
}

TEST_F(DyndepBuildTest, AFileThatIsMadeNamesAnOutput) {
  dyndep("dd.in", "build out | module: dyndep\n");
  disk_.put("in", "1");
  manifest(
      "build dd: cat dd.in\n"
      "build out: run in || dd\n  dyndep = dd\n  do = cat in > out && cat in > module\n");
  EXPECT_THAT(build(), ElementsAre("dd", "out"));
  EXPECT_THAT(build(), IsEmpty());
  disk_.remove("module");
  EXPECT_THAT(build(), ElementsAre("out"));
  disk_.put("module", "by hand");
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_THAT(build(), IsEmpty());
}

// As C++ modules do it: b imports what a exports, which no manifest says.
TEST_F(DyndepBuildTest, OneEdgeNeedsWhatAnotherTurnsOutToMake) {
  dyndep("scan", "build b: dyndep | m\nbuild a | m: dyndep\n");
  disk_.put("a.in", "1");
  disk_.put("b.in", "1");
  manifest(
      "build dd: cat scan\n"
      "build b: run b.in || dd\n  dyndep = dd\n  do = cat b.in m > b\n"
      "build a: run a.in || dd\n  dyndep = dd\n  do = cat a.in > a && cat a.in > m\n"
      "build all: phony b a\n");
  prepare_ = [](FakeRunner& runner) { runner.parallelism_ = 4; };
  EXPECT_THAT(build("all"), ElementsAre("dd", "a", "b"));
  EXPECT_THAT(build("all"), IsEmpty());
  disk_.put("a.in", "2");
  EXPECT_THAT(build("all"), ElementsAre("a", "b"));
  EXPECT_EQ(disk_.text("b"), "12");
  // The file is made before the build now, and clean.
  disk_.put("b.in", "2");
  EXPECT_THAT(build("b"), ElementsAre("b"));
}

TEST_F(DyndepBuildTest, ANewProducerOfAFileThatWasASourceIsFound) {
  dyndep("scan", "build a | m: dyndep\n");
  disk_.put("in", "1");
  disk_.put("m", "old");
  manifest(
      "build dd: cat scan\nbuild user: cat m\n"
      "build a: run in || dd\n  dyndep = dd\n  do = cat in > a && cat in > m\n"
      "build all: phony user a\n");
  build("dd");
  EXPECT_THAT(build("all"), ElementsAre("a", "user"));
  EXPECT_EQ(disk_.text("user"), "1");
  EXPECT_THAT(build("all"), IsEmpty());
}

TEST_F(DyndepBuildTest, AChangedFileTakesAnInputAway) {
  disk_.put("in", "1");
  disk_.put("module", "1");
  dyndep("dd", "build out: dyndep | module\n");
  manifest("build out: cat in || dd\n  dyndep = dd\n");
  build();
  dyndep("dd", "build out: dyndep\n");
  EXPECT_THAT(build(), ElementsAre("out"));
  disk_.remove("module");
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(DyndepBuildTest, MayMakeAnEdgeRestat) {
  disk_.put("in", "1");
  dyndep("dd", "build stamp: dyndep\n  restat = 1\n");
  manifest("build stamp: run in || dd\n  dyndep = dd\n  do = touch stamp\nbuild out: cat stamp\n");
  build();
  disk_.put("in", "2");
  manifest("build stamp: run in || dd\n  dyndep = dd\n  do = true\nbuild out: cat stamp\n");
  EXPECT_THAT(build(), ElementsAre("stamp"));
}

TEST_F(DyndepBuildTest, AnEdgeThatNothingChangesIsFoundCleanInTheMiddle) {
  dyndep("scan", "build out: dyndep\n");
  disk_.put("in", "1");
  disk_.put("comment", "1");
  manifest(
      "build dd: run scan comment\n  do = cat scan > dd\nbuild out: cat in || dd\n"
      "  dyndep = dd\nbuild last: cat out\n");
  EXPECT_THAT(build(), ElementsAre("dd", "out", "last"));
  disk_.put("comment", "2");
  EXPECT_THAT(build(), ElementsAre("dd"));
  EXPECT_EQ(result_.message, "");
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(DyndepBuildTest, AMissingSourceThatItNamesIsAnError) {
  dyndep("dd", "build out: dyndep | gone\n");
  manifest("build out: touch || dd\n  dyndep = dd\n");
  EXPECT_EQ(error_of(), "'gone', needed by 'out', missing and no known rule to make it");
}

TEST_F(DyndepBuildTest, AMissingSourceThatItNamesInTheMiddleIsAnError) {
  dyndep("scan", "build out: dyndep | gone\n");
  manifest("build dd: cat scan\nbuild out: touch || dd\n  dyndep = dd\n");
  build();
  EXPECT_EQ(result_.message, "'gone', needed by 'out', missing and no known rule to make it");
  EXPECT_FALSE(disk_.exists("out"));
}

TEST_F(DyndepBuildTest, TwoFilesOneAfterTheOther) {
  dyndep("scan1", "build mid | dir2: dyndep\n");
  dyndep("scan2", "build out: dyndep | extra\n");
  disk_.put("in", "1");
  disk_.put("extra.in", "1");
  manifest(
      "build dd1: cat scan1\n"
      "build mid: run in || dd1\n  dyndep = dd1\n  do = cat in > mid && touch dir2\n"
      "build dd2: run scan2 | mid\n  do = cat scan2 > dd2\n"
      "build out: cat in || dd2\n  dyndep = dd2\nbuild extra: cat extra.in\n");
  EXPECT_THAT(build("out"), ElementsAre("dd1", "mid", "dd2", "extra", "out"));
  EXPECT_THAT(build("out"), IsEmpty());
}

TEST_F(DyndepBuildTest, ADyndepFileThatAnotherDyndepFileNamesAsAnOutput) {
  dyndep("scan1", "build gen | dd2: dyndep\n");
  dyndep("scan2", "build out: dyndep | extra\n");
  disk_.put("extra.in", "1");
  manifest(
      "build dd1: cat scan1\n"
      "build gen: run || dd1\n  dyndep = dd1\n  do = touch gen && cat scan2 > dd2\n"
      "build out: touch || gen dd2\n  dyndep = dd2\nbuild extra: cat extra.in\n"
      "build all: phony gen out\n");
  build("dd1");
  EXPECT_THAT(build("all"), ElementsAre("gen", "extra", "out"));
  EXPECT_THAT(build("all"), IsEmpty());
}

TEST_F(DyndepBuildTest, WhatRunsMeanwhileIsLeftAlone) {
  dyndep("scan", "build out: dyndep | late\n");
  disk_.put("in", "1");
  manifest(
      "pool one\n  depth = 1\n"
      "build dd: cat scan\nbuild out: touch || dd\n  dyndep = dd\n"
      "build a: cat in\n  pool = one\nbuild b: cat in\n  pool = one\nbuild late: cat in\n"
      "  pool = one\nbuild all: phony a b out\n");
  prepare_ = [](FakeRunner& runner) { runner.parallelism_ = 2; };
  EXPECT_THAT(build("all"), UnorderedElementsAre("dd", "a", "b", "late", "out"));
  EXPECT_EQ(result_.message, "");
  EXPECT_EQ(status_->total_.commands, 5u);
  EXPECT_THAT(build("all"), IsEmpty());
}

TEST_F(DyndepBuildTest, AFailureBeforeIsNotForgotten) {
  dyndep("scan", "build out: dyndep\n");
  manifest(
      "build bad: run\n  do = exit 1\nbuild dd: run scan || bad2\n  do = cat scan > dd\n"
      "build bad2: run\n  do = touch bad2\nbuild out: touch || dd\n  dyndep = dd\n"
      "build all: phony bad out\n");
  options_.failures_allowed = SIZE_MAX;
  EXPECT_THAT(build("all"), UnorderedElementsAre("bad", "bad2", "dd", "out"));
  EXPECT_EQ(result_.message, "cannot make progress due to previous errors");
  EXPECT_EQ(status_->total_.commands, 4u);
}

TEST_F(DyndepBuildTest, DryRunTakesADyndepFileForMade) {
  dyndep("scan", "build out: dyndep | extra\n");
  manifest("build dd: cat scan\nbuild out: touch || dd\n  dyndep = dd\nbuild extra: touch\n");
  options_.dry_run = true;
  EXPECT_THAT(build("out"), ElementsAre("dd", "out"));
}

}  // namespace
}  // namespace cntr::engine
