#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file_system.h"
#include "build_session_fixture.h"
#include "ninja/command_hash.h"
#include "ninja/ninja_log.h"

namespace cntr::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// The first build in a tree of ninja's.

class FirstBuildTest : public BuildSessionTest {
 protected:
  FirstBuildTest() {
    disk_.put("in", "1");
    manifest("build a: cat in\nbuild b: cat a\n");
    disk_.put("a", "1");
    disk_.put("b", "1");
    const auto entry = [this](const char* output, const char* command) {
      return ninja::NinjaLogEntry{output, 0, 5, disk_.identity(output).mtime,
                                  ninja::command_hash(command, ninja::kNinjaLogVersion)};
    };
    const ninja::NinjaLogEntry entries[] = {entry("a", "cat in > a"), entry("b", "cat a > b")};
    ninja::write_ninja_log(".ninja_log", ninja::kNinjaLogVersion, entries);
  }
};

TEST_F(FirstBuildTest, RunsNothing) {
  EXPECT_THAT(build(), IsEmpty());
  EXPECT_THAT(build(), IsEmpty());
  EXPECT_TRUE(nothing_changed_);
  disk_.touch("in");
  EXPECT_THAT(build(), IsEmpty());
  disk_.put("in", "2");
  EXPECT_THAT(build(), ElementsAre("a", "b"));
}

TEST_F(FirstBuildTest, RunsWhatNinjaWouldRun) {
  disk_.put("in", "2");
  EXPECT_THAT(build(), ElementsAre("a", "b"));
}

TEST_F(FirstBuildTest, IsStillTheFirstAfterOneThatDidNotBegin) {
  {
    const BuildSession session(options_, disk_, [](const std::string&) {});
  }
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(FirstBuildTest, IsStillTheFirstAfterADryRun) {
  options_.read_only = options_.build.dry_run = true;
  EXPECT_THAT(build(), IsEmpty());
  options_.read_only = options_.build.dry_run = false;
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(FirstBuildTest, IsNotRepeatedForADamagedState) {
  build();
  write_file_atomically(".cntr_ninja/state", "");
  EXPECT_THAT(build(), ElementsAre("a", "b"));
}

TEST_F(FirstBuildTest, KeepsTheLog) {
  disk_.put("in", "2");
  build();
  const ninja::NinjaLog log(read_file(".ninja_log"));
  ASSERT_NE(log.find("a"), nullptr);
  EXPECT_GE(log.find("a")->mtime, disk_.identity("in").mtime);
  EXPECT_EQ(log.entries().size(), 2u);
}

}  // namespace
}  // namespace cntr::engine
