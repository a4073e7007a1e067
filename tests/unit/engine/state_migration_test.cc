// What is known, carried over to a changed manifest.
#include "engine/state_migration.h"

#include "engine_fixture.h"
#include "state_text.h"

namespace cntr::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class StateMigrationTest : public EngineTest {};

TEST_F(StateMigrationTest, TheSameGraphKeepsEverything) {
  disk_.put("in", "1");
  disk_.put("h", "1");
  manifest(
      "build a: run in\n  do = cat in > a && echo a: h > d\n  depfile = d\nbuild b: cat a in\n");
  build();
  const std::string before = state_text(state_);
  begin();
  EXPECT_EQ(state_text(state_), before);
}

TEST_F(StateMigrationTest, RecordsFollowTheirFirstOutput) {
  disk_.put("in", "1");
  disk_.put("other", "1");
  manifest("build a: cat in\nbuild b: cat other a\n");
  build();
  // Other numbers for everything.
  manifest("build z: cat other\nbuild b: cat other a\nbuild a: cat in\nbuild y: cat b z\n");
  EXPECT_THAT(build(), UnorderedElementsAre("z", "y"));
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(StateMigrationTest, RetiredRecordsComeBack) {
  disk_.put("in", "1");
  const std::string both = "build a: cat in\nbuild b: cat a in\n";
  manifest(both);
  build();
  manifest("build a: cat in\n");
  EXPECT_THAT(build(), IsEmpty());
  EXPECT_EQ(state_.retired.size(), 1u);
  build();
  manifest(both);
  EXPECT_THAT(build(), IsEmpty());
  EXPECT_THAT(state_.retired, IsEmpty());
}

TEST_F(StateMigrationTest, ARetiredRecordKnowsWhatWasReadThen) {
  disk_.put("in", "1");
  const std::string both = "build a: cat in\nbuild b: cat in\n";
  manifest(both);
  build();
  manifest("build a: cat in\n");
  disk_.put("in", "2");
  EXPECT_THAT(build(), ElementsAre("a"));
  manifest(both);
  EXPECT_THAT(build(), ElementsAre("b"));
}

TEST_F(StateMigrationTest, AnOutputThatAnotherEdgeMakesNowIsMadeAgain) {
  disk_.put("in", "1");
  manifest("build a b: run in\n  do = cat in > a && cat in > b\n");
  build();
  manifest("build b: cat in\nbuild a: cat in\n");
  EXPECT_THAT(build(), UnorderedElementsAre("a", "b"));
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(StateMigrationTest, OutputsInAnotherOrderAreMadeAgain) {
  disk_.put("in", "1");
  manifest("build a b: run in\n  do = touch a b\n");
  build();
  manifest("build b a: run in\n  do = touch a b\n");
  EXPECT_THAT(build(), ElementsAre("b"));
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(StateMigrationTest, WhatWasDiscoveredStaysKnown) {
  disk_.put("in", "1");
  disk_.put("h", "1");
  const std::string edge = "build a: run in\n  do = cat in > a && echo a: h > d\n  depfile = d\n";
  manifest(edge);
  build();
  manifest("build new: cat in\n" + edge);
  EXPECT_THAT(build(), ElementsAre("new"));
  EXPECT_THAT(discovered_of("a"), ElementsAre("h"));
  disk_.put("h", "2");
  EXPECT_THAT(build(), ElementsAre("a"));
}

TEST_F(StateMigrationTest, FilesThatNothingSpeaksOfAreLeftBehind) {
  disk_.put("in", "1");
  disk_.put("other", "1");
  manifest("build a: cat in\n");
  build();
  state_.node("forgotten");
  state_.contents.add(digest_of("forgotten"));
  manifest("build b: cat other\n");
  begin();
  EXPECT_EQ(state_.graph.find("forgotten"), std::nullopt);
  EXPECT_TRUE(state_.graph.find("a"));  // a retired record speaks of it
  // Nothing, what `in` and `a` hold: the same bytes, with a digest each at most.
  EXPECT_LE(state_.contents.size(), 3u);
}

TEST_F(StateMigrationTest, ProgramsOfThePathStayKnown) {
  disk_.put("in", "1");
  manifest("build a: cat in\n");
  build();
  state_.programs.push_back(state_.node("/usr/bin/cc"));
  manifest("build b: cat in\n");
  begin();
  ASSERT_EQ(state_.programs.size(), 1u);
  EXPECT_EQ(state_.graph.path(state_.programs[0]), "/usr/bin/cc");
}

TEST_F(StateMigrationTest, AFailedGeneratorIsRemembered) {
  manifest("build a: run\n  generator = 1\n  do = touch a\n");
  begin();
  state_.records[0].failed_at = 77;
  manifest("build b: touch\nbuild a: run\n  generator = 1\n  do = touch a\n");
  begin();
  EXPECT_EQ(record_of("a").failed_at, 77);
  EXPECT_FALSE(record_of("a").exists());
}

TEST_F(StateMigrationTest, RetiredRecordsAreForgottenWhenThereAreTooMany) {
  constexpr uint32_t kMany = 10'005;
  std::string edges;
  for (uint32_t i = 0; i < kMany; ++i) edges += "build out" + std::to_string(i) + ": touch\n";
  manifest(edges);
  begin();
  for (uint32_t i = 0; i < kMany; ++i) state_.records[i].action = digest_of("action");
  manifest("build last: touch\n");
  begin();
  ASSERT_EQ(state_.retired.size(), 10'000u);
  EXPECT_EQ(state_.graph.path(state_.retired.front().output), "out5");
  EXPECT_EQ(state_.graph.path(state_.retired.back().output), "out10004");
}

}  // namespace
}  // namespace cntr::engine
