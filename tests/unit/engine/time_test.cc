// Where times count after all: clocks of whole seconds, and generator edges.
#include "engine_fixture.h"

namespace cntr::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Where times are whole seconds, as on old network file systems.

class CoarseClockTest : public EngineTest {
 protected:
  CoarseClockTest() { disk_.set_granularity(kFakeSecond); }
};

TEST_F(CoarseClockTest, AnEditWithinTheSameSecondIsNoticed) {
  disk_.put("in", "one");
  manifest("build out: cat in\n");
  build_at_once();
  disk_.put("in", "two");
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_EQ(disk_.text("out"), "two");
}

TEST_F(CoarseClockTest, AnEditWhileTheCommandRunsIsNoticedLater) {
  disk_.put("in", "one");
  manifest("build out: cat in\n");
  prepare_ = [this](FakeRunner& runner) {
    runner.while_running_["cat in > out"] = [this] { disk_.put_unseen("in", "two"); };
  };
  build_at_once();
  prepare_ = nullptr;
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_EQ(disk_.text("out"), "two");
}

TEST_F(CoarseClockTest, SettledFilesAreBelieved) {
  disk_.put("in", "one");
  manifest("build out: cat in\n");
  build();
  EXPECT_THAT(build(), IsEmpty());
  const size_t reads = disk_.reads();
  EXPECT_THAT(build(), IsEmpty());
  EXPECT_EQ(disk_.reads(), reads);
}

TEST_F(CoarseClockTest, WhatReadsAYoungOutputIsSureAfterOneMoreRun) {
  disk_.put("in", "one");
  manifest("build mid: cat in\nbuild out: cat mid\n");
  EXPECT_THAT(build(), ElementsAre("mid", "out"));
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_THAT(build(), IsEmpty());
}

// Generator edges go by times.

class GeneratorTest : public EngineTest {
 protected:
  void generator(const std::string& command, const std::string& more = "") {
    manifest("build out: run in\n  generator = 1\n  do = " + command + "\n" + more);
  }
};

TEST_F(GeneratorTest, GoesByTimes) {
  disk_.put("in", "one");
  generator("cat in > out");
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_THAT(build(), IsEmpty());
  disk_.touch("in");
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_THAT(build(), IsEmpty());
  disk_.put("in", "two");
  disk_.set_mtime("in", disk_.identity("out").mtime);
  EXPECT_THAT(build(), IsEmpty());
  disk_.remove("out");
  EXPECT_THAT(build(), ElementsAre("out"));
}

TEST_F(GeneratorTest, IgnoresItsCommandAndNeedsNoRecord) {
  disk_.put("in", "one");
  disk_.put("out", "made elsewhere");
  generator("cat in > out");
  EXPECT_THAT(build(), IsEmpty());
  generator("touch out");
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(GeneratorTest, ExplainsItself) {
  disk_.put("out", "one");
  disk_.put("in", "one");
  generator("cat in > out");
  options_.explain = true;
  build();
  EXPECT_THAT(status_->explanations_, ElementsAre("out: generator: older than in"));
}

TEST_F(GeneratorTest, WhatReadsItsOutputGoesByContent) {
  disk_.put("in", "one");
  generator("echo same > out", "build next: cat out\n");
  build();
  disk_.touch("in");
  EXPECT_THAT(build(), ElementsAre("out"));
}

TEST_F(GeneratorTest, OneThatFailedRunsAgainThoughItWroteItsOutput) {
  disk_.put("in", "one");
  generator("cat in > out");
  build();
  disk_.touch("in");
  generator("cat in > out && exit 1");
  EXPECT_THAT(build(), ElementsAre("out"));
  generator("cat in > out");
  options_.explain = true;
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_THAT(status_->explanations_,
              ElementsAre("out: the last run failed, or an input changed while it ran"));
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(GeneratorTest, ARestatGeneratorMayLeaveItsOutputOld) {
  disk_.put("in", "one");
  const std::string command = "update in out\n  restat = 1";
  generator(command);
  build();
  disk_.touch("in");
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_THAT(build(), IsEmpty());
  disk_.touch("in");
  EXPECT_THAT(build(), ElementsAre("out"));
}

TEST_F(GeneratorTest, AlwaysNewInputsCount) {
  manifest("build force: phony\nbuild out: run | force\n  generator = 1\n  do = touch out\n");
  EXPECT_THAT(build("out"), ElementsAre("out"));
  EXPECT_THAT(build("out"), ElementsAre("out"));
}

TEST_F(GeneratorTest, DiscoveredInputsCount) {
  disk_.put("in", "one");
  disk_.put("list", "one");
  generator("cat in > out && echo out: list > out.d\n  depfile = out.d");
  build();
  disk_.touch("list");
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_THAT(build(), IsEmpty());
}

}  // namespace
}  // namespace cntr::engine
