// Decisions by content: what makes an edge run, and what does not.
#include "engine_fixture.h"

namespace cntr::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class ContentTest : public EngineTest {
 protected:
  void a_simple_edge() {
    disk_.put("in", "one");
    manifest("build out: cat in\n");
    build();
  }
};

TEST_F(ContentTest, TouchingChangesNothing) {
  a_simple_edge();
  disk_.touch("in");
  EXPECT_THAT(build(), IsEmpty());
  disk_.touch("out");
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(ContentTest, AnInputInTheFutureChangesNothing) {
  a_simple_edge();
  disk_.set_mtime("in", disk_.now() + 3600 * kFakeSecond);
  EXPECT_THAT(build(), IsEmpty());
  EXPECT_THAT(build(), IsEmpty());
  disk_.put("in", "two");
  disk_.set_mtime("in", disk_.now() + 3600 * kFakeSecond);
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(ContentTest, AnEditWithAnOlderTimeIsNoticed) {
  a_simple_edge();
  disk_.put("in", "two");
  disk_.set_mtime("in", disk_.now() - 3600 * kFakeSecond);
  EXPECT_THAT(build(), ElementsAre("out"));
}

TEST_F(ContentTest, AnEditWithTheSameTimeAndSizeIsNoticed) {
  a_simple_edge();
  const int64_t mtime = disk_.identity("in").mtime;
  disk_.put("in", "two");
  disk_.set_mtime("in", mtime);
  EXPECT_THAT(build(), ElementsAre("out"));
}

TEST_F(ContentTest, AFileThatIsReplacedByAnOlderOneIsNoticed) {
  a_simple_edge();
  disk_.replace("in", "two", disk_.identity("in").mtime);
  EXPECT_THAT(build(), ElementsAre("out"));
}

TEST_F(ContentTest, AnEditThatIsRevertedRunsNothing) {
  a_simple_edge();
  disk_.put("in", "two");
  disk_.put("in", "one");
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(ContentTest, AnEditThatWasBuiltAndIsRevertedRuns) {
  a_simple_edge();
  disk_.put("in", "two");
  EXPECT_THAT(build(), ElementsAre("out"));
  disk_.put("in", "one");
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_EQ(disk_.text("out"), "one");
}

TEST_F(ContentTest, AMissingOutputIsMade) {
  a_simple_edge();
  disk_.remove("out");
  EXPECT_THAT(build(), ElementsAre("out"));
}

TEST_F(ContentTest, AnOutputThatSomebodyElseWroteIsMadeAgain) {
  a_simple_edge();
  disk_.put("out", "by hand");
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_EQ(disk_.text("out"), "one");
  disk_.put("out", "by hand");
  disk_.put("out", "one");
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(ContentTest, AChangedCommandRuns) {
  a_simple_edge();
  manifest("build out: run in\n  do = cat in in > out\n");
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(ContentTest, AChangedResponseFileRuns) {
  disk_.put("in", "1");
  const std::string edge = "build out: run in\n  do = cat r > out\n  rspfile = r\n";
  manifest(edge + "  rspfile_content = a\n");
  build();
  manifest(edge + "  rspfile_content = b\n");
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_EQ(disk_.text("out"), "b");
}

TEST_F(ContentTest, ADescriptionIsNoPartOfTheAction) {
  a_simple_edge();
  manifest("build out: cat in\n  description = other words\n");
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(ContentTest, TheNamedEnvironmentIsPartOfTheAction) {
  environment_ = digest_of("CFLAGS=-O2");
  a_simple_edge();
  EXPECT_THAT(build(), IsEmpty());
  environment_ = digest_of("CFLAGS=-O3");
  EXPECT_THAT(build(), ElementsAre("out"));
  environment_ = {};
  EXPECT_THAT(build(), ElementsAre("out"));
}

TEST_F(ContentTest, AnInputMoreOrLessRuns) {
  disk_.put("in", "1");
  disk_.put("more", "1");
  manifest("build out: run in\n  do = cat in > out\n");
  build();
  manifest("build out: run in | more\n  do = cat in > out\n");
  EXPECT_THAT(build(), ElementsAre("out"));
  manifest("build out: run in\n  do = cat in > out\n");
  EXPECT_THAT(build(), ElementsAre("out"));
  manifest("build out: run in || more\n  do = cat in > out\n");
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(ContentTest, AnInputThatBecomesImplicitIsTheSameInput) {
  disk_.put("in", "1");
  manifest("build out: run in\n  do = cat in > out\n");
  build();
  manifest("build out: run | in in\n  do = cat in > out\n");
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(ContentTest, AnOutputMoreRuns) {
  disk_.put("in", "1");
  disk_.put("side", "?");
  manifest("build out: run in\n  do = cat in > out\n");
  build();
  manifest("build out | side: run in\n  do = cat in > out\n");
  options_.explain = true;
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_THAT(status_->explanations_, ElementsAre("out: output side: not known to be made"));
}

TEST_F(ContentTest, StopsWhereContentsAreEqual) {
  disk_.put("in", "a  b");
  manifest("build words: run in\n  do = echo same > words\nbuild out: cat words\n");
  EXPECT_THAT(build(), ElementsAre("words", "out"));
  disk_.put("in", "a b");
  EXPECT_THAT(build(), ElementsAre("words"));
}

TEST_F(ContentTest, StopsInTheMiddleOfAChain) {
  disk_.put("in", "1");
  disk_.put("other", "1");
  manifest(
      "build a: cat in\nbuild b: run a\n  do = echo same > b\nbuild c: cat b\n"
      "build d: cat c\nbuild e: cat c other\n");
  build();
  disk_.put("in", "2");
  disk_.put("other", "2");
  EXPECT_THAT(build(), UnorderedElementsAre("a", "b", "e"));
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(ContentTest, PermissionToRunIsContent) {
  a_simple_edge();
  disk_.set_mode("in", 0100755);
  EXPECT_THAT(build(), ElementsAre("out"));
  disk_.set_mode("in", 0100700);
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(ContentTest, ADirectoryIsItsListing) {
  disk_.put("dir/a", "1");
  manifest("build out: run dir\n  do = echo x > out\n");
  build();
  disk_.put("dir/a", "2");
  disk_.touch("dir");
  EXPECT_THAT(build(), IsEmpty());
  disk_.put("dir/b", "1");
  EXPECT_THAT(build(), ElementsAre("out"));
  disk_.remove("dir/a");
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_THAT(build(), IsEmpty());
}

// Stamps: empty outputs, which say nothing by their bytes.

TEST_F(ContentTest, AnEmptyOutputStandsForTheAction) {
  disk_.put("in", "1");
  manifest("build stamp: run in\n  do = touch stamp\nbuild out: cat stamp\n");
  EXPECT_THAT(build(), ElementsAre("stamp", "out"));
  EXPECT_THAT(build(), IsEmpty());
  disk_.put("in", "2");
  EXPECT_THAT(build(), ElementsAre("stamp", "out"));
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(ContentTest, AStampMayBeTouched) {
  disk_.put("in", "1");
  manifest("build stamp: run in\n  do = touch stamp\nbuild out: cat stamp\n");
  build();
  disk_.touch("stamp");
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(ContentTest, AStampOfTheSameInputsIsTheSame) {
  disk_.put("in", "1");
  manifest("build stamp: run in\n  do = touch stamp\nbuild out: cat stamp\n");
  build();
  disk_.remove("stamp");
  EXPECT_THAT(build(), ElementsAre("stamp"));
}

TEST_F(ContentTest, AStampThatSomebodyFillsIsMadeAgain) {
  disk_.put("in", "1");
  manifest("build stamp: run in\n  do = rm stamp && touch stamp\n");
  build();
  disk_.put("stamp", "?");
  EXPECT_THAT(build(), ElementsAre("stamp"));
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(ContentTest, AnOutputThatBecomesEmptyIsMadeAgain) {
  a_simple_edge();
  disk_.put("out", "");
  EXPECT_THAT(build(), ElementsAre("out"));
}

TEST_F(ContentTest, AStampChangesWithTheCommand) {
  disk_.put("in", "1");
  manifest("build stamp: run in\n  do = touch stamp\nbuild out: cat stamp\n");
  build();
  manifest("build stamp: run in\n  do = true && touch stamp\nbuild out: cat stamp\n");
  EXPECT_THAT(build(), ElementsAre("stamp", "out"));
}

TEST_F(ContentTest, ARestatCommandThatLeavesItsStampAloneChangedNothing) {
  disk_.put("in", "1");
  manifest("build stamp: run in\n  do = touch stamp\n  restat = 1\nbuild out: cat stamp\n");
  EXPECT_THAT(build(), ElementsAre("stamp", "out"));
  disk_.put("in", "2");
  manifest("build stamp: run in\n  do = true\n  restat = 1\nbuild out: cat stamp\n");
  EXPECT_THAT(build(), ElementsAre("stamp"));
  EXPECT_THAT(build(), IsEmpty());
  // Without restat it stands for the action all the same.
  disk_.put("in", "3");
  manifest("build stamp: run in\n  do = true\nbuild out: cat stamp\n");
  EXPECT_THAT(build(), ElementsAre("stamp", "out"));
}

// As `cntr check` does with the stamps of steps: what it looks at stands in no manifest.
TEST_F(ContentTest, ARestatCommandThatTouchesItsStampSaysThatSomethingChanged) {
  const std::string out = "build out: cat stamp\n";
  manifest("build never stamp: run\n  do = touch stamp\n  restat = 1\n" + out);
  EXPECT_THAT(build(), ElementsAre("never", "out"));
  for (int i = 0; i < 3; ++i) EXPECT_THAT(build(), ElementsAre("never", "out"));
  manifest("build never stamp: run\n  do = true\n  restat = 1\n" + out);
  EXPECT_THAT(build(), ElementsAre("never"));
  EXPECT_THAT(build(), ElementsAre("never"));
}

TEST_F(ContentTest, ARestatCommandThatLeavesItsOutputAlone) {
  disk_.put("in", "1");
  disk_.put("text", "t");
  manifest("build copy: run text in\n  do = update text copy\n  restat = 1\nbuild out: cat copy\n");
  EXPECT_THAT(build(), ElementsAre("copy", "out"));
  disk_.put("in", "2");
  EXPECT_THAT(build(), ElementsAre("copy"));
  disk_.put("text", "u");
  EXPECT_THAT(build(), ElementsAre("copy", "out"));
}

TEST_F(ContentTest, AnOutputThatIsNeverWrittenRunsAlwaysAndWhatReadsItToo) {
  disk_.put("in", "1");
  manifest("build never: run in\n  do = true\nbuild out: run never\n  do = echo x > out\n");
  EXPECT_THAT(build(), ElementsAre("never", "out"));
  EXPECT_THAT(build(), ElementsAre("never", "out"));
  EXPECT_THAT(build(), ElementsAre("never", "out"));
}

TEST_F(ContentTest, AnOutputThatIsWrittenAfterAllIsDone) {
  manifest("build never: run\n  do = true\nbuild out: run never\n  do = echo x > out\n");
  build();
  manifest("build never: run\n  do = touch never\nbuild out: run never\n  do = echo x > out\n");
  EXPECT_THAT(build(), ElementsAre("never", "out"));
  EXPECT_THAT(build(), IsEmpty());
}

// Phony edges.

TEST_F(ContentTest, AnAliasStandsForWhatItNames) {
  disk_.put("a", "1");
  disk_.put("b", "1");
  manifest(
      "build both: phony a b\nbuild more: phony both\nbuild out: run | more\n  do = touch out\n");
  EXPECT_THAT(build("out"), ElementsAre("out"));
  disk_.touch("a");
  EXPECT_THAT(build("out"), IsEmpty());
  disk_.put("b", "2");
  EXPECT_THAT(build("out"), ElementsAre("out"));
}

TEST_F(ContentTest, AnAliasOfAMadeFileWaitsForIt) {
  disk_.put("in", "1");
  manifest("build a: cat in\nbuild alias: phony a\nbuild out: run | alias\n  do = cat a > out\n");
  EXPECT_THAT(build("out"), ElementsAre("a", "out"));
  disk_.put("in", "2");
  EXPECT_THAT(build("out"), ElementsAre("a", "out"));
  EXPECT_EQ(disk_.text("out"), "2");
}

TEST_F(ContentTest, AnAliasOnlyOrdersWhereItIsOrderOnly) {
  disk_.put("in", "1");
  manifest("build a: cat in\nbuild alias: phony a\nbuild out: run || alias\n  do = touch out\n");
  EXPECT_THAT(build("out"), ElementsAre("a", "out"));
  disk_.put("in", "2");
  EXPECT_THAT(build("out"), ElementsAre("a"));
}

TEST_F(ContentTest, APhonyWithoutInputsAndFileIsNewInEveryBuild) {
  manifest("build force: phony\nbuild out: run | force\n  do = echo x > out\nbuild z: cat out\n");
  options_.explain = true;
  EXPECT_THAT(build("z"), ElementsAre("out", "z"));
  EXPECT_THAT(build("z"), ElementsAre("out"));
  EXPECT_THAT(status_->explanations_,
              ElementsAre("out: input force: a phony without inputs, always new"));
  disk_.put("force", "now it is a file");
  EXPECT_THAT(build("z"), ElementsAre("out"));
  EXPECT_THAT(build("z"), IsEmpty());
}

TEST_F(ContentTest, AnAliasOfWhatIsAlwaysNewIsAlwaysNew) {
  manifest(
      "build force: phony\nbuild alias: phony force\nbuild out: run | alias\n  do = echo x > "
      "out\n");
  build("out");
  EXPECT_THAT(build("out"), ElementsAre("out"));
}

TEST_F(ContentTest, APhonyOfASourceFileIsTheFile) {
  disk_.put("header", "1");
  manifest("build header: phony\nbuild out: run | header\n  do = cat header > out\n");
  EXPECT_THAT(build("out"), ElementsAre("out"));
  EXPECT_THAT(build("out"), IsEmpty());
  disk_.put("header", "2");
  EXPECT_THAT(build("out"), ElementsAre("out"));
}

}  // namespace
}  // namespace cntr::engine
