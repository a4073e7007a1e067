#include "cli/build_progress.h"

#include <gtest/gtest.h>

namespace cntr::cli {
namespace {

void run(BuildProgress& progress, int64_t start_ms, int64_t end_ms,
         std::optional<int64_t> last_time_ms = std::nullopt) {
  progress.edge_started(start_ms);
  progress.edge_finished({0, start_ms, end_ms, last_time_ms, 0, ""});
  progress.edge_left();
}

TEST(BuildProgressTest, CountsCommands) {
  BuildProgress progress(4);
  progress.set_total({10, 0, 0});
  progress.edge_started(0);
  progress.edge_started(10);
  progress.edge_finished({0, 0, 100, {}, 0, ""});
  EXPECT_EQ(progress.total(), 10u);
  EXPECT_EQ(progress.started(), 2u);
  EXPECT_EQ(progress.waiting(), 8u);
  EXPECT_EQ(progress.finished(), 1u);
  EXPECT_EQ(progress.running(), 2u);
  EXPECT_EQ(progress.percent(), 10);
  EXPECT_DOUBLE_EQ(progress.elapsed_seconds(), 0.1);
  progress.edge_left();
  EXPECT_EQ(progress.running(), 1u);
}

TEST(BuildProgressTest, StartsAgainWithTheSameTotal) {
  BuildProgress progress(4);
  progress.set_total({10, 0, 0});
  run(progress, 0, 100);
  progress.restart();
  EXPECT_EQ(progress.total(), 10u);
  EXPECT_EQ(progress.started(), 0u);
  EXPECT_EQ(progress.finished(), 0u);
  EXPECT_EQ(progress.percent(), 0);
  EXPECT_FALSE(progress.rate());
}

TEST(BuildProgressTest, SaysNothingBeforeTheFirstCommand) {
  const BuildProgress progress(4);
  EXPECT_EQ(progress.percent(), 0);
  EXPECT_FALSE(progress.rate());
  EXPECT_FALSE(progress.current_rate());
  EXPECT_FALSE(progress.remaining_seconds());
  EXPECT_EQ(progress.done_part(), 0);
}

TEST(BuildProgressTest, TellsRates) {
  BuildProgress progress(2);
  progress.set_total({10, 0, 0});
  run(progress, 0, 1000);
  EXPECT_DOUBLE_EQ(progress.rate().value(), 1);
  EXPECT_FALSE(progress.current_rate());
  run(progress, 1000, 2000);
  run(progress, 2000, 2500);
  EXPECT_DOUBLE_EQ(progress.rate().value(), 1.2);
  EXPECT_DOUBLE_EQ(progress.current_rate().value(), 4);  // two ends in half a second
}

TEST(BuildProgressTest, TakesTheAverageForCommandsThatItDoesNotKnow) {
  BuildProgress progress(1);
  progress.set_total({4, 0, 0});
  run(progress, 0, 1000);
  EXPECT_DOUBLE_EQ(progress.done_part(), 0.25);
  EXPECT_DOUBLE_EQ(progress.remaining_seconds().value(), 3);
}

TEST(BuildProgressTest, TakesTheTimesOfLastTime) {
  BuildProgress progress(1);
  // Two commands of 1 s and 9 s.
  progress.set_total({2, 2, 10'000});
  run(progress, 0, 1000, 1000);
  EXPECT_DOUBLE_EQ(progress.done_part(), 0.1);
  EXPECT_DOUBLE_EQ(progress.remaining_seconds().value(), 9);
  run(progress, 1000, 10'000, 9000);
  EXPECT_DOUBLE_EQ(progress.done_part(), 1);
}

TEST(BuildProgressTest, MixesKnownAndUnknownTimes) {
  BuildProgress progress(1);
  // One known with 1 s, one with 3 s, and two unknown: 2 s each.
  progress.set_total({4, 2, 4000});
  run(progress, 0, 1000, 1000);
  EXPECT_DOUBLE_EQ(progress.done_part(), 0.125);
  EXPECT_DOUBLE_EQ(progress.remaining_seconds().value(), 7);
}

TEST(BuildProgressTest, DistrustsTimesThatAreFarOff) {
  BuildProgress progress(1);
  // 1 ms each last time (all came from a cache), 10 s now.
  progress.set_total({4, 4, 4});
  run(progress, 0, 10'000, 1);
  EXPECT_GT(progress.done_part(), 0.99);  // too early to tell
  run(progress, 10'000, 20'000, 1);
  EXPECT_DOUBLE_EQ(progress.done_part(), 0.5);
}

}  // namespace
}  // namespace cntr::cli
