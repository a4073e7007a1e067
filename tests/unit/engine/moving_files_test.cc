// Files that change while a build goes on, or right after it, and files with two names.
#include "engine_fixture.h"

namespace cntr::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class MovingFilesTest : public EngineTest {};

TEST_F(MovingFilesTest, AFileThatChangesUnseenRightAfterItWasReadIsReadAgain) {
  disk_.put("in", "one");
  manifest("build out: cat in\n");
  build_at_once();
  disk_.put_unseen("in", "two");  // size and times as before
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_EQ(disk_.text("out"), "two");
}

TEST_F(MovingFilesTest, AnOldFileIsNotReadAgain) {
  disk_.put("in", "one");
  manifest("build out: cat in\n");
  build();
  build();  // the output was young
  const size_t reads = disk_.reads();
  EXPECT_THAT(build(), IsEmpty());
  EXPECT_EQ(disk_.reads(), reads);
}

TEST_F(MovingFilesTest, AnOutputThatChangesUnseenRightAfterItWasMadeIsMadeAgain) {
  disk_.put("in", "one");
  manifest("build out: cat in\n");
  build_at_once();
  disk_.put_unseen("out", "two");
  EXPECT_THAT(build(), ElementsAre("out"));
}

TEST_F(MovingFilesTest, AnInputThatIsEditedWhileItsCommandRunsLeavesNoRecord) {
  disk_.put("in", "one");
  manifest("build out: cat in\n");
  options_.explain = true;
  prepare_ = [this](FakeRunner& runner) {
    runner.while_running_["cat in > out"] = [this] { disk_.put("in", "two"); };
  };
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_EQ(status_->explanations_.back(),
            "(build): in was changed while a command that reads it ran");
  prepare_ = nullptr;
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_EQ(disk_.text("out"), "two");
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(MovingFilesTest, AnInputThatIsEditedWithItsOldTimeWhileItsCommandRuns) {
  disk_.put("in", "one");
  const int64_t mtime = disk_.identity("in").mtime;
  manifest("build out: cat in\n");
  prepare_ = [this, mtime](FakeRunner& runner) {
    runner.while_running_["cat in > out"] = [this, mtime] {
      disk_.put("in", "two");
      disk_.set_mtime("in", mtime);
    };
  };
  build();
  prepare_ = nullptr;
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_EQ(disk_.text("out"), "two");
}

TEST_F(MovingFilesTest, AnInputThatIsReplacedByAnOldFileWhileItsCommandRuns) {
  disk_.put("in", "one");
  manifest("build out: cat in\n");
  prepare_ = [this](FakeRunner& runner) {
    runner.while_running_["cat in > out"] = [this] {
      disk_.replace("in", "two", disk_.now() - 3600 * kFakeSecond);
    };
  };
  build();
  prepare_ = nullptr;
  EXPECT_THAT(build(), ElementsAre("out"));
}

TEST_F(MovingFilesTest, AnInputThatGoesWhileItsCommandRuns) {
  disk_.put("in", "one");
  manifest("build out: cat in\n");
  prepare_ = [this](FakeRunner& runner) {
    runner.while_running_["cat in > out"] = [this] { disk_.remove("in"); };
  };
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_FALSE(state_.records[0].exists());
  disk_.put("in", "one");
  prepare_ = nullptr;
  EXPECT_THAT(build(), ElementsAre("out"));
}

TEST_F(MovingFilesTest, AnEditBetweenTheLookAndTheCommandIsSeenByIt) {
  disk_.put("in", "one");
  disk_.put("first.in", "1");
  manifest("build first: cat first.in\nbuild out: cat in || first\n");
  build();
  disk_.put("in", "two");
  disk_.put("first.in", "2");
  // All files were looked at when the first command runs.
  prepare_ = [this](FakeRunner& runner) {
    runner.while_running_["cat first.in > first"] = [this] { disk_.put("in", "three"); };
  };
  EXPECT_THAT(build(), ElementsAre("first", "out"));
  EXPECT_EQ(disk_.text("out"), "three");
  prepare_ = nullptr;
  EXPECT_THAT(build(), IsEmpty());
  disk_.put("in", "two");
  EXPECT_THAT(build(), ElementsAre("out"));
}

TEST_F(MovingFilesTest, AnUnchangedEdgeBesideAnEditDuringTheBuildIsNotBelievedLater) {
  disk_.put("a", "1");
  disk_.put("b", "1");
  manifest("build x: cat a\nbuild y: cat b\n");
  build();
  disk_.put("a", "2");
  prepare_ = [this](FakeRunner& runner) {
    runner.while_running_["cat a > x"] = [this] { disk_.put("b", "2"); };
  };
  EXPECT_THAT(build(), ElementsAre("x"));
  prepare_ = nullptr;
  EXPECT_THAT(build(), ElementsAre("y"));
}

TEST_F(MovingFilesTest, AHardLinkThatIsMadeToAnInputChangesNothingInIt) {
  disk_.put("in", "one");
  manifest("build link: run in\n  do = ln in link\nbuild out: cat in\n");
  prepare_ = [](FakeRunner& runner) { runner.parallelism_ = 2; };
  EXPECT_THAT(build(), UnorderedElementsAre("link", "out"));
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(MovingFilesTest, AnInputThatIsLinkedAnewIsTheSame) {
  disk_.put("in", "one");
  disk_.put("switch", "1");
  manifest("build link: run in switch\n  do = rm link && ln in link\n");
  build();
  disk_.put("switch", "2");
  EXPECT_THAT(build(), ElementsAre("link"));
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(MovingFilesTest, AnEditThatOnlyTheTimeOfChangeTellsIsNoLink) {
  disk_.put("in", "one");
  manifest("build out: cat in\n");
  build();
  disk_.put("in", "two");
  const int64_t mtime = disk_.identity("in").mtime;
  prepare_ = [this, mtime](FakeRunner& runner) {
    runner.while_running_["cat in > out"] = [this, mtime] {
      disk_.put("in", "six");
      disk_.set_mtime("in", mtime);
    };
  };
  build();
  EXPECT_EQ(disk_.text("out"), "two");
  prepare_ = nullptr;
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_EQ(disk_.text("out"), "six");
}

TEST_F(MovingFilesTest, TwoOutputsWithOneInode) {
  disk_.put("in", "one");
  manifest("build a: cat in\nbuild b: run a\n  do = rm b && ln a b\nbuild out: cat a b\n");
  EXPECT_THAT(build(), ElementsAre("a", "b", "out"));
  EXPECT_EQ(disk_.identity("a").inode, disk_.identity("b").inode);
  EXPECT_THAT(build(), IsEmpty());
  disk_.put("in", "two");
  EXPECT_THAT(build(), ElementsAre("a", "b", "out"));
  EXPECT_EQ(disk_.text("out"), "twotwo");
  EXPECT_THAT(build(), IsEmpty());
  // Written by hand through the one name, both are changed.
  disk_.put("b", "?");
  EXPECT_THAT(build(), ElementsAre("a", "b"));
  EXPECT_EQ(disk_.text("b"), "two");
}

TEST_F(MovingFilesTest, TwoOutputsOfOneEdgeWithOneInode) {
  disk_.put("in", "one");
  manifest("build a b: run in\n  do = rm a b && cat in > a && ln a b\nbuild out: cat a b\n");
  EXPECT_THAT(build(), ElementsAre("a", "out"));
  EXPECT_THAT(build(), IsEmpty());
  disk_.remove("b");
  disk_.put("b", "one");  // equal, but of its own
  EXPECT_THAT(build(), IsEmpty());
}

}  // namespace
}  // namespace cntr::engine
