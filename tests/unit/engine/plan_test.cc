// Targets that cannot be planned, and what a plan looks at.
#include "engine/plan.h"

#include "engine_fixture.h"

namespace cntr::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class PlanTest : public EngineTest {};

TEST_F(PlanTest, AMissingSourceIsAnError) {
  manifest("build out: cat in\n");
  EXPECT_EQ(error_of(), "'in', needed by 'out', missing and no known rule to make it");
  EXPECT_THAT(runner_->started_, IsEmpty());
}

TEST_F(PlanTest, AMissingSourceIsFoundBeforeAnythingRuns) {
  disk_.put("in", "1");
  manifest("build a: cat in\nbuild b: cat a\nbuild c: cat b gone\n");
  EXPECT_EQ(error_of(), "'gone', needed by 'c', missing and no known rule to make it");
  EXPECT_FALSE(disk_.exists("a"));
}

TEST_F(PlanTest, AMissingTargetIsAnError) {
  manifest("build out: cat in\n");
  EXPECT_EQ(error_of("elsewhere"), "'elsewhere' missing and no known rule to make it");
}

TEST_F(PlanTest, ASourceMayBeATarget) {
  disk_.put("in", "1");
  manifest("build out: cat in\n");
  EXPECT_THAT(build("in"), IsEmpty());
  EXPECT_EQ(result_.message, "");
}

TEST_F(PlanTest, ASourceThatIsOnlyOrderedMayGoOnceTheEdgeIsMade) {
  disk_.put("in", "1");
  disk_.put("order", "1");
  manifest("build out: cat in || order\n");
  build();
  disk_.remove("order");
  EXPECT_THAT(build(), IsEmpty());
  disk_.put("in", "2");
  EXPECT_EQ(error_of(), "'order', needed by 'out', missing and no known rule to make it");
}

TEST_F(PlanTest, ASourceBehindAPhonyMustBeThere) {
  manifest("build all: phony in\n");
  EXPECT_EQ(error_of("all"), "'in', needed by 'all', missing and no known rule to make it");
}

TEST_F(PlanTest, AMissingValidationIsAnError) {
  disk_.put("in", "1");
  manifest("build out: cat in |@ check\nbuild check: cat gone\n");
  EXPECT_EQ(error_of("out"), "'gone', needed by 'check', missing and no known rule to make it");
}

TEST_F(PlanTest, CyclesAreErrors) {
  manifest("build out: cat mid\nbuild mid: cat in\nbuild in: cat pre\nbuild pre: cat out\n");
  EXPECT_EQ(error_of("out"), "dependency cycle: out -> mid -> in -> pre -> out");
}

TEST_F(PlanTest, AnEdgeThatNeedsItselfIsACycle) {
  manifest("build out: cat out\n");
  EXPECT_EQ(error_of("out"), "dependency cycle: out -> out");
}

TEST_F(PlanTest, ACycleIsToldFromWhereItBegins) {
  manifest("build top: cat a\nbuild a: cat b\nbuild b: cat a\n");
  EXPECT_EQ(error_of("top"), "dependency cycle: a -> b -> a");
}

TEST_F(PlanTest, ACycleThroughAnotherOutputOfAnEdge) {
  manifest("build a b: run c\n  do = touch a b\nbuild c: cat a\n");
  EXPECT_EQ(error_of("b"), "dependency cycle: a -> c -> a");
}

TEST_F(PlanTest, CyclesThroughOrderOnlyInputsAndPhoniesAreCycles) {
  manifest("build a: phony b\nbuild b: touch || a\n");
  EXPECT_EQ(error_of("b"), "dependency cycle: b -> a -> b");
}

TEST_F(PlanTest, ACycleThroughAValidationIsNone) {
  disk_.put("in", "1");
  manifest("build a: cat in |@ b\nbuild b: cat a |@ a\n");
  EXPECT_THAT(build("a"), ElementsAre("a", "b"));
}

TEST_F(PlanTest, ADeepGraphNeedsNoDeepStack) {
  std::string edges;
  disk_.put("0", "x");
  constexpr int kDeep = 20'000;
  for (int i = 1; i <= kDeep; ++i) {
    edges += "build " + std::to_string(i) + ": phony " + std::to_string(i - 1) + "\n";
  }
  manifest(edges + "build out: cat " + std::to_string(kDeep) + "\n");
  prepare_ = [](FakeRunner& runner) {
    runner.while_running_["cat " + std::to_string(kDeep) + " > out"] = [] {};
  };
  build("out");
  EXPECT_EQ(runner_->started_.size(), 1u);
}

TEST_F(PlanTest, LooksAtEveryFileOfTheNeededEdges) {
  disk_.put("in", "1");
  disk_.put("h", "1");
  manifest(
      "build out | side: run in | imp || order |@ check\n"
      "  do = touch out side && echo out: h > out.d\n  depfile = out.d\n"
      "build imp: phony\nbuild order: cat in\nbuild check: cat out\n"
      "build elsewhere: cat other\n");
  build("out");
  begin();
  Names names;
  const ninja::NodeId out = *state_.graph.find("out");
  for (const ninja::NodeId node : Plan::nodes_of(state_, std::span(&out, 1))) {
    names.emplace_back(state_.graph.path(node));
  }
  EXPECT_THAT(names, UnorderedElementsAre("out", "side", "in", "imp", "order", "check", "h"));
}

}  // namespace
}  // namespace cntr::engine
