// Which edges run, in which order, and what a build tells of itself.
#include "engine/builder.h"
#include "engine_fixture.h"

namespace cntr::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class BuildTest : public EngineTest {};

TEST_F(BuildTest, RunsNothingTwice) {
  disk_.put("in", "1");
  manifest("build mid: cat in\nbuild out: cat mid\n");
  EXPECT_THAT(build(), ElementsAre("mid", "out"));
  EXPECT_EQ(result_.message, "");
  EXPECT_EQ(result_.exit_code, 0);
  EXPECT_EQ(result_.executed, 2u);
  EXPECT_EQ(disk_.text("out"), "1");
  EXPECT_THAT(build(), IsEmpty());
  EXPECT_EQ(result_.executed, 0u);
  EXPECT_THAT(status_->events_, IsEmpty());
}

TEST_F(BuildTest, RunsOnlyWhatATargetNeeds) {
  disk_.put("in", "1");
  manifest("build a: cat in\nbuild b: cat in\nbuild c: cat a\n");
  EXPECT_THAT(build("b"), ElementsAre("b"));
  EXPECT_THAT(build("a b"), ElementsAre("a"));
  EXPECT_THAT(build("c"), ElementsAre("c"));
}

TEST_F(BuildTest, BuildsTheDefaultTargets) {
  disk_.put("in", "1");
  manifest("build a: cat in\nbuild b: cat in\nbuild c: cat in\ndefault a c\n");
  EXPECT_THAT(build(), UnorderedElementsAre("a", "c"));
}

TEST_F(BuildTest, RunsWhatAChangeReachesAndNothingElse) {
  disk_.put("in1", "1");
  disk_.put("in2", "2");
  manifest("build a: cat in1\nbuild b: cat in2\nbuild c: cat a b\nbuild d: cat b\n");
  build();
  disk_.put("in1", "one");
  EXPECT_THAT(build(), ElementsAre("a", "c"));
  EXPECT_EQ(disk_.text("c"), "one2");
}

TEST_F(BuildTest, AnEdgeWithSeveralOutputsRunsOnce) {
  disk_.put("in", "1");
  manifest(
      "build a b | c: run in\n  do = cat in > a && cat in > b && cat in > c\n"
      "build d: cat a b c\n");
  EXPECT_THAT(build(), ElementsAre("a", "d"));
  disk_.remove("c");
  EXPECT_THAT(build(), ElementsAre("a"));
  EXPECT_TRUE(disk_.exists("c"));
}

TEST_F(BuildTest, MakesTheDirectoriesOfOutputs) {
  disk_.put("in", "1");
  manifest(
      "build x/y/out | z/other: run in\n  do = touch x/y/out z/other\n  depfile = d/e/out.d\n");
  prepare_ = [this](FakeRunner& runner) {
    runner.while_running_["touch x/y/out z/other"] = [this] {
      EXPECT_TRUE(disk_.exists("x/y"));
      EXPECT_TRUE(disk_.exists("z"));
      EXPECT_TRUE(disk_.exists("d/e"));
    };
  };
  EXPECT_THAT(build(), ElementsAre("x/y/out"));
}

TEST_F(BuildTest, WritesResponseFilesAndRemovesThem) {
  disk_.put("in", "1");
  manifest(
      "rule respond\n  command = cat out.rsp > out\n  rspfile = out.rsp\n"
      "  rspfile_content = $in $flags\n"
      "build out: respond in\n  flags = a\n");
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_EQ(disk_.text("out"), "in a");
  EXPECT_FALSE(disk_.exists("out.rsp"));
  EXPECT_THAT(build(), IsEmpty());

  options_.keep_rspfile = true;
  disk_.put("in", "2");
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_EQ(disk_.text("out.rsp"), "in a");
}

TEST_F(BuildTest, KeepsTheResponseFileOfAFailedCommand) {
  manifest("build out: run\n  do = exit 3\n  rspfile = out.rsp\n  rspfile_content = why\n");
  build();
  EXPECT_EQ(disk_.text("out.rsp"), "why");
}

TEST_F(BuildTest, RunsTheLongestWayFirst) {
  disk_.put("in", "1");
  manifest(
      "build short: cat in\n"
      "build a1: cat in\nbuild a2: cat a1\nbuild a3: cat a2\n"
      "build b1: cat in\nbuild b2: cat b1\n"
      "build all: phony short a3 b2\n");
  EXPECT_THAT(build("all"), ElementsAre("a1", "a2", "b1", "short", "a3", "b2"));
}

TEST_F(BuildTest, KnowsHowLongCommandsTookLastTime) {
  disk_.put("in", "1");
  disk_.put("other", "1");
  manifest("build quick: cat in\nbuild slow: cat in other\nbuild new: cat other\n");
  build("quick slow");
  state_.records[0].duration_ms = 2;
  state_.records[1].duration_ms = 9000;
  disk_.put("in", "2");
  EXPECT_THAT(build("quick slow new"), ElementsAre("slow", "quick", "new"));
  EXPECT_EQ(status_->total_.commands, 3u);
  EXPECT_EQ(status_->total_.timed, 2u);
  EXPECT_EQ(status_->total_.timed_ms, 9002);
  EXPECT_EQ(status_->ends_[0].last_time_ms, 9000);
  EXPECT_EQ(status_->ends_[1].last_time_ms, 2);
  EXPECT_EQ(status_->ends_[2].last_time_ms, std::nullopt);
}

TEST_F(BuildTest, RunsAsManyAsTheRunnerTakes) {
  disk_.put("in", "1");
  manifest("build a: cat in\nbuild b: cat in\nbuild c: cat in\nbuild d: cat a b c\n");
  prepare_ = [](FakeRunner& runner) { runner.parallelism_ = 2; };
  EXPECT_THAT(build(), ElementsAre("a", "b", "c", "d"));
  EXPECT_EQ(runner_->most_running_, 2u);
}

TEST_F(BuildTest, WaitsForEveryInputWhateverEndsFirst) {
  disk_.put("in", "1");
  manifest("build a: cat in\nbuild b: cat in\nbuild c: cat a b\nbuild d: cat b\n");
  prepare_ = [](FakeRunner& runner) {
    runner.parallelism_ = 4;
    runner.last_first_ = true;
  };
  build();
  EXPECT_THAT(status_->events_, ElementsAre("begin", "start a", "start b", "end b", "start d",
                                            "end d", "end a", "start c", "end c", "finish"));
}

TEST_F(BuildTest, PoolsLimitWhatRunsAtOnce) {
  disk_.put("in", "1");
  manifest(
      "pool small\n  depth = 2\n"
      "build a: cat in\n  pool = small\nbuild b: cat in\n  pool = small\n"
      "build c: cat in\n  pool = small\nbuild d: cat in\n");
  prepare_ = [](FakeRunner& runner) { runner.parallelism_ = 8; };
  build();
  EXPECT_THAT(status_->events_, ElementsAre("begin", "start a", "start b", "start d", "end a",
                                            "start c", "end b", "end d", "end c", "finish"));
}

TEST_F(BuildTest, AFullPoolGoesOnWithTheLongestWay) {
  disk_.put("in", "1");
  manifest(
      "pool one\n  depth = 1\n"
      "build a: cat in\n  pool = one\nbuild b: cat in\n  pool = one\n"
      "build c: cat in\n  pool = one\nbuild d: cat c\nbuild e: cat d\n");
  prepare_ = [](FakeRunner& runner) { runner.parallelism_ = 8; };
  const Names order = build();
  EXPECT_EQ(order.size(), 5u);
  EXPECT_EQ(runner_->most_running_, 2u);
}

TEST_F(BuildTest, AFailureGivesItsPlaceInThePoolBack) {
  manifest(
      "pool one\n  depth = 1\n"
      "build a: run\n  do = exit 1\n  pool = one\nbuild b: run\n  do = touch b\n  pool = one\n");
  options_.failures_allowed = SIZE_MAX;
  EXPECT_THAT(build(), ElementsAre("a", "b"));
}

TEST_F(BuildTest, ACleanEdgeGivesItsPlaceInThePoolBack) {
  disk_.put("in", "1");
  manifest(
      "pool one\n  depth = 1\n"
      "build sorted: run in\n  do = echo same > sorted\n"
      "build a: cat sorted\n  pool = one\nbuild b: cat sorted in\n  pool = one\n"
      "build c: cat sorted in\n  pool = one\n");
  build();
  disk_.put("in", "2");
  EXPECT_THAT(build(), UnorderedElementsAre("sorted", "b", "c"));
  EXPECT_EQ(result_.message, "");
}

TEST_F(BuildTest, TheConsoleIsForOneCommand) {
  manifest(
      "build a: run\n  do = touch a\n  pool = console\nbuild b: run\n  do = touch b\n"
      "  pool = console\nbuild c: run\n  do = touch c\n");
  prepare_ = [](FakeRunner& runner) { runner.parallelism_ = 8; };
  EXPECT_THAT(build(), ElementsAre("a", "c", "b"));
  EXPECT_TRUE(runner_->started_[0].console);
  EXPECT_FALSE(runner_->started_[1].console);
  EXPECT_EQ(runner_->most_running_, 2u);
}

TEST_F(BuildTest, StopsAtTheFirstFailure) {
  disk_.put("in", "1");
  manifest("build a: run in\n  do = exit 7\nbuild b: cat in\nbuild c: cat a\n");
  EXPECT_THAT(build(), ElementsAre("a"));
  EXPECT_EQ(result_.message, "subcommand failed");
  EXPECT_EQ(result_.exit_code, 7);
  EXPECT_THAT(status_->events_, ElementsAre("begin", "start a", "end a 7", "finish"));
}

TEST_F(BuildTest, WaitsForWhatRunsWhenACommandFails) {
  disk_.put("in", "1");
  manifest("build a: run in\n  do = exit 1\nbuild b: cat in\nbuild c: cat in\n");
  prepare_ = [](FakeRunner& runner) { runner.parallelism_ = 2; };
  EXPECT_THAT(build(), ElementsAre("a", "b"));
  EXPECT_THAT(status_->events_,
              ElementsAre("begin", "start a", "start b", "end a 1", "end b", "finish"));
  EXPECT_EQ(runner_->aborted_, 0u);
  // What ended well after the failure is not run again.
  manifest("build a: cat in\nbuild b: cat in\nbuild c: cat in\n");
  EXPECT_THAT(build(), UnorderedElementsAre("a", "c"));
}

TEST_F(BuildTest, GoesOnAsLongAsFailuresAreAllowed) {
  manifest(
      "build a: run\n  do = exit 1\nbuild b: run\n  do = exit 2\nbuild c: run\n  do = touch c\n");
  options_.failures_allowed = 2;
  EXPECT_THAT(build(), ElementsAre("a", "b"));
  EXPECT_EQ(result_.message, "subcommands failed");
  EXPECT_EQ(result_.exit_code, 2);
}

TEST_F(BuildTest, MakesAllThatFailuresLeaveOver) {
  disk_.put("in", "1");
  manifest(
      "build a: run in\n  do = exit 3\nbuild b: cat a\nbuild c: cat in\nbuild d: cat c\n"
      "build all: phony b d\n");
  options_.failures_allowed = SIZE_MAX;
  EXPECT_THAT(build("all"), UnorderedElementsAre("a", "c", "d"));
  EXPECT_EQ(result_.message, "cannot make progress due to previous errors");
  EXPECT_EQ(result_.exit_code, 3);
}

TEST_F(BuildTest, AFailedEdgeRunsAgainThoughItWroteItsOutput) {
  disk_.put("in", "1");
  manifest("build out: run in\n  do = cat in > out && exit 1\n");
  build();
  EXPECT_EQ(disk_.text("out"), "1");
  EXPECT_THAT(build(), ElementsAre("out"));
  manifest("build out: cat in\n");
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(BuildTest, AFailureForgetsAnEarlierSuccess) {
  disk_.put("in", "1");
  disk_.put("switch", "");
  manifest("build out: run in switch\n  do = cat in switch > out\n");
  build();
  disk_.put("in", "2");
  manifest("build out: run in switch\n  do = cat in switch > out && exit 1\n");
  build();
  // Everything is as it was after the first build, but for the output.
  disk_.put("in", "1");
  manifest("build out: run in switch\n  do = cat in switch > out\n");
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_EQ(disk_.text("out"), "1");
}

TEST_F(BuildTest, TheOutputOfACommandIsToldWithItsEnd) {
  manifest("build a: run\n  do = echo hello && touch a\n");
  build();
  EXPECT_EQ(output_of("a"), "hello\n");
}

TEST_F(BuildTest, OrderOnlyInputsOnlyOrder) {
  disk_.put("in", "1");
  disk_.put("tool.in", "1");
  manifest("build tool: cat tool.in\nbuild out: cat in || tool\n");
  EXPECT_THAT(build("out"), ElementsAre("tool", "out"));
  disk_.put("tool.in", "2");
  EXPECT_THAT(build("out"), ElementsAre("tool"));
  EXPECT_EQ(disk_.text("tool"), "2");
}

TEST_F(BuildTest, ImplicitInputsCountButDoNotStandInTheCommand) {
  disk_.put("in", "1");
  disk_.put("hidden", "1");
  manifest("build out: cat in | hidden\n");
  build();
  EXPECT_EQ(runner_->started_[0].command, "cat in > out");
  disk_.put("hidden", "2");
  EXPECT_THAT(build(), ElementsAre("out"));
}

TEST_F(BuildTest, ValidationsRunBesideAndAreNotWaitedFor) {
  disk_.put("in", "1");
  disk_.put("rules", "1");
  manifest("build out: cat in |@ check\nbuild check: cat rules\nbuild last: cat out\n");
  EXPECT_THAT(build("last"), UnorderedElementsAre("out", "check", "last"));
  disk_.put("rules", "2");
  EXPECT_THAT(build("last"), ElementsAre("check"));
  disk_.put("in", "2");
  EXPECT_THAT(build("last"), ElementsAre("out", "last"));
}

TEST_F(BuildTest, AValidationMayDependOnWhatItChecks) {
  disk_.put("in", "1");
  manifest("build out: cat in |@ check\nbuild check: cat out\n");
  EXPECT_THAT(build("out"), ElementsAre("out", "check"));
  EXPECT_THAT(build("out"), IsEmpty());
}

TEST_F(BuildTest, AFailedValidationFailsTheBuild) {
  disk_.put("in", "1");
  manifest("build out: cat in |@ check\nbuild check: run\n  do = exit 4\n");
  options_.failures_allowed = SIZE_MAX;
  EXPECT_THAT(build("out"), UnorderedElementsAre("out", "check"));
  EXPECT_EQ(result_.exit_code, 4);
}

TEST_F(BuildTest, DryRunRunsNothingAndRemembersNothing) {
  disk_.put("in", "1");
  manifest("build mid: cat in\nbuild out: cat mid\n");
  options_.dry_run = true;
  EXPECT_THAT(build(), ElementsAre("mid", "out"));
  EXPECT_THAT(runner_->started_, IsEmpty());
  EXPECT_FALSE(disk_.exists("mid"));
  EXPECT_EQ(result_.message, "");
  EXPECT_THAT(build(), ElementsAre("mid", "out"));
  options_.dry_run = false;
  EXPECT_THAT(build(), ElementsAre("mid", "out"));
  options_.dry_run = true;
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(BuildTest, DryRunShowsWhatMayRun) {
  disk_.put("in", "1");
  manifest("build sorted: run in\n  do = echo same > sorted\nbuild out: cat sorted\n");
  build();
  disk_.put("in", "2");
  options_.dry_run = true;
  EXPECT_THAT(build(), ElementsAre("sorted", "out"));
  options_.dry_run = false;
  EXPECT_THAT(build(), ElementsAre("sorted"));
}

TEST_F(BuildTest, TheTotalShrinksWhenContentsAreEqual) {
  disk_.put("in", "1");
  manifest(
      "build sorted: run in\n  do = echo same > sorted\n"
      "build a: cat sorted\nbuild b: cat a\nbuild c: cat in\nbuild all: phony b c\n");
  build("all");
  EXPECT_THAT(status_->totals_, ElementsAre(4u));
  disk_.put("in", "2");
  EXPECT_THAT(build("all"), UnorderedElementsAre("sorted", "c"));
  EXPECT_THAT(status_->totals_, ElementsAre(4u, 2u));
}

TEST_F(BuildTest, TheTotalIsRightBeforeTheFirstCommand) {
  disk_.put("in", "1");
  manifest(
      "build x: phony in\nbuild a: run x\n  do = touch a\nbuild b: cat in\n"
      "build c: phony a b\n");
  build("a");
  build("c");
  EXPECT_THAT(status_->totals_at_start_, ElementsAre(1u));
}

TEST_F(BuildTest, PhonyEdgesDoNotRunAndDoNotCount) {
  disk_.put("in", "1");
  manifest("build a: cat in\nbuild all: phony a\nbuild more: phony all\n");
  EXPECT_THAT(build("more"), ElementsAre("a"));
  EXPECT_THAT(status_->totals_, ElementsAre(1u));
  EXPECT_THAT(build("more"), IsEmpty());
}

TEST_F(BuildTest, AnInterruptEndsCommandsAndDeletesWhatTheyHaveHalfWritten) {
  disk_.put("in", "1");
  disk_.put("b", "old");
  disk_.put("c", "old");
  manifest(
      "build a: cat in\nbuild b: cat in\nbuild c: run in\n  do = true\n"
      "build d: cat in\n");
  prepare_ = [](FakeRunner& runner) {
    runner.parallelism_ = 3;
    runner.interrupt_after_ = 3;
  };
  EXPECT_THAT(build(), ElementsAre("a", "b", "c"));
  EXPECT_EQ(result_.exit_code, 130);
  EXPECT_EQ(result_.message, "interrupted by user");
  EXPECT_EQ(runner_->aborted_, 3u);
  EXPECT_FALSE(disk_.exists("a"));
  EXPECT_FALSE(disk_.exists("b"));
  EXPECT_EQ(disk_.text("c"), "old");  // not yet written
  EXPECT_EQ(status_->events_.back(), "finish");
  prepare_ = nullptr;
  EXPECT_THAT(build(), UnorderedElementsAre("a", "b", "c", "d"));
}

TEST_F(BuildTest, AnInterruptDeletesTheDepfileAndEveryOutputOfItsEdge) {
  disk_.put("out", "old");
  disk_.put("in", "1");
  manifest("build out: run in\n  do = echo out: in > out.d\n  depfile = out.d\n");
  prepare_ = [](FakeRunner& runner) { runner.interrupt_after_ = 1; };
  build();
  EXPECT_FALSE(disk_.exists("out.d"));
  EXPECT_FALSE(disk_.exists("out"));
}

TEST_F(BuildTest, AnInterruptedCommandInterruptsTheBuild) {
  disk_.put("in", "1");
  manifest("build a: run in\n  do = cat in > a && exit 130\nbuild b: cat in\n");
  prepare_ = [](FakeRunner& runner) { runner.parallelism_ = 2; };
  EXPECT_THAT(build(), ElementsAre("a", "b"));
  EXPECT_EQ(result_.message, "interrupted by user");
  EXPECT_EQ(result_.exit_code, 130);
  EXPECT_EQ(runner_->aborted_, 1u);
  EXPECT_FALSE(disk_.exists("a"));
  EXPECT_FALSE(disk_.exists("b"));
}

TEST_F(BuildTest, AnInterruptForgetsEarlierRunsOfWhatRan) {
  disk_.put("in", "1");
  manifest("build out: cat in\n");
  build();
  disk_.put("in", "2");
  prepare_ = [](FakeRunner& runner) { runner.interrupt_after_ = 1; };
  build();
  disk_.put("in", "1");
  disk_.put("out", "1");  // as if by the earlier run
  prepare_ = nullptr;
  EXPECT_THAT(build(), ElementsAre("out"));
}

TEST_F(BuildTest, ExplainsEveryReason) {
  disk_.put("in", "1");
  disk_.put("in2", "1");
  manifest("build out: cat in in2\n");
  options_.explain = true;
  build();
  EXPECT_THAT(status_->explanations_,
              ElementsAre("out: output out: missing", "out: no earlier run is known"));
  disk_.put("in", "2");
  disk_.put("in2", "2");
  disk_.put("out", "?");
  build();
  EXPECT_THAT(status_->explanations_,
              ElementsAre("out: input in: content changed", "out: input in2: content changed",
                          "out: output out: changed since it was made"));
  manifest("build out: run in new\n  do = cat in > out\n");
  disk_.put("new", "");
  build();
  EXPECT_THAT(status_->explanations_,
              UnorderedElementsAre("out: command: changed", "out: input new: added",
                                   "out: input in2: removed"));
}

}  // namespace
}  // namespace cntr::engine
