#include "engine/build_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "build_session_fixture.h"

namespace cntr::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST_F(BuildSessionTest, ASecondBuildFindsThatNothingChanged) {
  disk_.put("in", "1");
  manifest("build mid: cat in\nbuild out: cat mid\n");
  EXPECT_THAT(build(), ElementsAre("mid", "out"));
  EXPECT_FALSE(nothing_changed_);
  EXPECT_THAT(build(), IsEmpty());
  EXPECT_TRUE(nothing_changed_);
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(BuildSessionTest, ASecondBuildReadsNothing) {
  disk_.put("in", "1");
  manifest("build out: cat in\n");
  build();
  build();
  build();
  const size_t reads = disk_.reads();
  build();
  EXPECT_EQ(disk_.reads(), reads);
}

TEST_F(BuildSessionTest, NothingChangedForEver) {
  disk_.put("in", "1");
  manifest("build out: cat in\n");
  build();
  for (int i = 0; i < 4; ++i) {
    EXPECT_THAT(build(), IsEmpty());
    EXPECT_TRUE(nothing_changed_) << i;
  }
}

TEST_F(BuildSessionTest, ATouchedFileIsReadOnce) {
  disk_.put("in", "1");
  manifest("build out: cat in\n");
  build();
  build();
  disk_.touch("in");
  size_t reads = disk_.reads();
  EXPECT_THAT(build(), IsEmpty());
  EXPECT_TRUE(nothing_changed_);
  EXPECT_EQ(disk_.reads(), reads + 1);
  reads = disk_.reads();
  EXPECT_THAT(build(), IsEmpty());
  EXPECT_TRUE(nothing_changed_);
  EXPECT_EQ(disk_.reads(), reads);
}

TEST_F(BuildSessionTest, AnEmptyManifestHasNothingToDo) {
  disk_.put("build.ninja", "");
  build();
  EXPECT_THAT(build(), IsEmpty());
  EXPECT_TRUE(nothing_changed_);
}

TEST_F(BuildSessionTest, AFailureBetweenTwoBuildsThatSucceedIsForgotten) {
  disk_.put("in", "1");
  disk_.put("unnamed", "1");
  manifest("build ok: cat in\nbuild out: run ok\n  do = cat ok unnamed > out\n");
  build();
  disk_.put("in", "2");
  disk_.remove("unnamed");
  EXPECT_THAT(build(), ElementsAre("ok", "out"));
  EXPECT_NE(result_.exit_code, 0);
  disk_.put("unnamed", "1");
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_THAT(build(), IsEmpty());
  EXPECT_TRUE(nothing_changed_);
}

TEST_F(BuildSessionTest, AHeaderThatJoinsLaterIsLookedAt) {
  disk_.put("in", "out: h1");
  disk_.put("h1", "1");
  disk_.put("h2", "1");
  manifest("build out: run in\n  do = cat in > out && cat in > d\n  depfile = d\n");
  build();
  disk_.put("in", "out: h1 h2");
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_THAT(build(), IsEmpty());
  EXPECT_TRUE(nothing_changed_);
  disk_.put("h2", "2");
  EXPECT_THAT(build(), ElementsAre("out"));
}

TEST_F(BuildSessionTest, AMadeHeaderThatJoinsLaterIsMade) {
  disk_.put("in", "out: h1");
  disk_.put("h1", "1");
  disk_.put("other", "1");
  manifest(
      "build out: run in\n  do = cat in > out && cat in > d\n  depfile = d\n"
      "build made: cat other\ndefault out\n");
  build();
  build("made");
  disk_.put("in", "out: h1 made");
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_THAT(build(), IsEmpty());
  disk_.put("other", "2");
  EXPECT_THAT(build(), ElementsAre("made", "out"));
  EXPECT_THAT(build(), IsEmpty());
  EXPECT_TRUE(nothing_changed_);
}

TEST_F(BuildSessionTest, AChangeReachesWhatIsOnlyReachedByDiscoveredFiles) {
  disk_.put("in", "1");
  disk_.put("main", "1");
  manifest(
      "build header: cat in\n"
      "build object: run main || header\n"
      "  do = cat main header > object && echo object: header > d\n  depfile = d\n"
      "build program: cat object\n");
  build();
  build();
  disk_.put("in", "2");
  EXPECT_THAT(build(), ElementsAre("header", "object", "program"));
  EXPECT_EQ(disk_.text("program"), "12");
}

// It looks at times, which the state knows already when the command is due.
TEST_F(BuildSessionTest, AGeneratorThatWasNotRunYetIsNotForgotten) {
  disk_.put("in", "1");
  manifest("build out: run in\n  generator = 1\n  do = cat in > out\nbuild a: cat in\n");
  build();
  build();
  disk_.touch("in");
  disk_.advance(60 * kFakeSecond);
  {
    BuildSession session(options_, disk_, [](const std::string&) {});
    EXPECT_FALSE(session.nothing_changed());
  }
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_THAT(build(), IsEmpty());
  EXPECT_TRUE(nothing_changed_);
}

TEST_F(BuildSessionTest, EveryKindOfChangeIsFound) {
  disk_.put("in", "1");
  disk_.put("h", "1");
  const std::string edges =
      "build out: run in\n  do = cat in > out && echo out: h > d\n  depfile = d\n"
      "build last: cat out\n";
  manifest(edges);
  EXPECT_THAT(build(), ElementsAre("out", "last"));
  disk_.put("in", "2");
  EXPECT_THAT(build(), ElementsAre("out", "last"));
  disk_.put("h", "2");
  EXPECT_THAT(build(), ElementsAre("out"));
  disk_.remove("last");
  EXPECT_THAT(build(), ElementsAre("last"));
  disk_.put("out", "by hand");
  EXPECT_THAT(build(), ElementsAre("out"));
  disk_.remove("h");
  EXPECT_THAT(build(), ElementsAre("out"));
  disk_.put("h", "2");
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_THAT(build(), IsEmpty());
  EXPECT_TRUE(nothing_changed_);
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(BuildSessionTest, AChangeBesideTheDefaultTargetsIsFoundWhenItIsAskedFor) {
  disk_.put("in", "1");
  disk_.put("other", "1");
  manifest("build a: cat in\nbuild b: cat other\ndefault a\n");
  build();
  build("b");
  disk_.put("other", "2");
  EXPECT_THAT(build(), IsEmpty());
  EXPECT_THAT(build("b"), ElementsAre("b"));
  EXPECT_EQ(disk_.text("b"), "2");
}

TEST_F(BuildSessionTest, WhatIsAlwaysNewAlwaysRuns) {
  manifest("build force: phony\nbuild out: run | force\n  do = echo x > out\n");
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_THAT(build(), ElementsAre("out"));
}

TEST_F(BuildSessionTest, WhatIsNeverWrittenAlwaysRuns) {
  manifest("build out: run\n  do = true\n");
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_THAT(build(), ElementsAre("out"));
}

TEST_F(BuildSessionTest, AnInputThatIsEditedWhileItsCommandRunsIsFound) {
  disk_.put("in", "1");
  manifest("build out: cat in\n");
  prepare_ = [this](FakeRunner& runner) {
    runner.while_running_["cat in > out"] = [this] { disk_.put("in", "2"); };
  };
  build();
  prepare_ = nullptr;
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_EQ(disk_.text("out"), "2");
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(BuildSessionTest, AFileThatIsEditedInTheMiddleOfABuildIsFound) {
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

TEST_F(BuildSessionTest, AFailureIsRepeated) {
  disk_.put("in", "1");
  manifest("build ok: cat in\nbuild bad: run ok\n  do = exit 3\n");
  EXPECT_THAT(build(), ElementsAre("ok", "bad"));
  EXPECT_EQ(result_.exit_code, 3);
  EXPECT_THAT(build(), ElementsAre("bad"));
  EXPECT_FALSE(nothing_changed_);
}

TEST_F(BuildSessionTest, WhatABuildLearntOutlivesItsKilling) {
  disk_.put("in", "1");
  manifest("build a: cat in\nbuild b: cat a\nbuild c: cat b\n");
  build("a");
  disk_.put("in", "2");
  // The state as it is on disk while the last command runs.
  prepare_ = [](FakeRunner& runner) {
    runner.while_running_["cat b > c"] = [] {
      make_directories("copy");
      for (const std::string name : {"state", "journal"}) {
        write_file_atomically("copy/" + name, read_file(".cntr_ninja/" + name));
      }
    };
  };
  EXPECT_THAT(build(), ElementsAre("a", "b", "c"));
  prepare_ = nullptr;
  for (const std::string name : {"state", "journal"}) {
    write_file_atomically(".cntr_ninja/" + name, read_file("copy/" + name));
  }
  EXPECT_THAT(build(), ElementsAre("c"));
  EXPECT_THAT(build(), IsEmpty());
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(BuildSessionTest, AnEditedManifestRunsWhatItChanged) {
  disk_.put("in", "1");
  manifest("build a: cat in\nbuild b: cat in\n");
  build();
  manifest("build new: cat in\nbuild a: run in\n  do = cat in in > a\nbuild b: cat in\n");
  EXPECT_THAT(build(), UnorderedElementsAre("new", "a"));
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(BuildSessionTest, ATouchedManifestChangesNothing) {
  disk_.put("in", "1");
  manifest("build a: cat in\n");
  build();
  disk_.touch("build.ninja");
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(BuildSessionTest, AnIncludedManifestCountsToo) {
  disk_.put("in", "1");
  disk_.put("more.ninja", "build a: cat in\n");
  manifest("include more.ninja\n");
  build();
  disk_.put("more.ninja", "build b: cat in\n");
  EXPECT_THAT(build(), ElementsAre("b"));
}

TEST_F(BuildSessionTest, ABranchAndBackRunsNothing) {
  disk_.put("in", "1");
  const std::string main = "build a: cat in\nbuild b: cat in\nbuild c: cat a b\n";
  manifest(main);
  build();
  manifest("build a: cat in\n");
  EXPECT_THAT(build(), IsEmpty());
  manifest(main);
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(BuildSessionTest, AManifestThatChangesWithinOneTickOfACoarseClockIsRead) {
  disk_.set_granularity(kFakeSecond);
  disk_.put("in", "1");
  disk_.advance(10 * kFakeSecond - disk_.now() % kFakeSecond);
  manifest("build a: cat in\n");
  build_at_once();
  // Read again, while it is still young; and the state is written with a reason of its own.
  disk_.put("in", "2");
  build_at_once();
  std::string text = disk_.text("build.ninja");
  text[text.rfind("build a") + 6] = 'b';
  disk_.put_unseen("build.ninja", text);
  EXPECT_THAT(build_at_once(), ElementsAre("b"));
}

TEST_F(BuildSessionTest, TheManifestIsMadeFirst) {
  disk_.put("in", "1");
  disk_.put("generate",
            "rule cat\n  command = cat $in > $out\n"
            "rule gen\n  command = cat generate > build.ninja\n  generator = 1\n"
            "build build.ninja: gen generate\n"
            "build a: cat in\n");
  disk_.put("build.ninja", disk_.text("generate"));
  EXPECT_THAT(build(), ElementsAre("a"));
  EXPECT_THAT(build(), IsEmpty());
  EXPECT_TRUE(nothing_changed_);
  disk_.put("generate", disk_.text("generate") + "build b: cat a\n");
  EXPECT_THAT(build(), ElementsAre("build.ninja", "b"));
  EXPECT_THAT(build(), IsEmpty());
  disk_.touch("generate");
  EXPECT_THAT(build(), ElementsAre("build.ninja"));
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(BuildSessionTest, AFailedManifestIsMadeAgain) {
  disk_.put("in", "1");
  disk_.put("generate", "1");
  const auto with = [this](const std::string& command) {
    return "rule cat\n  command = cat $in > $out\nrule gen\n  command = " + command +
           "\n  generator = 1\nbuild build.ninja: gen generate\nbuild a: cat in\n";
  };
  disk_.put("build.ninja", with("cat new > build.ninja && exit 1"));
  build();
  disk_.put("new", with("touch build.ninja"));
  disk_.touch("generate");
  build("build.ninja");
  EXPECT_EQ(result_.exit_code, 1);
  // It wrote a manifest before it failed.
  EXPECT_THAT(build("build.ninja"), ElementsAre("build.ninja"));
  EXPECT_THAT(build("build.ninja"), IsEmpty());
}

TEST_F(BuildSessionTest, AGeneratorThatLeavesItsOutputOldRunsInEveryBuild) {
  disk_.put("out", "1");
  disk_.put("in", "1");
  manifest("build out: run in\n  generator = 1\n  do = true\n");
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_THAT(build(), ElementsAre("out"));
}

TEST_F(BuildSessionTest, AnAliasThatBecomesAFileIsAnInput) {
  disk_.put("in", "1");
  manifest("build alias: phony in\nbuild out: run | alias\n  do = echo x > out\n");
  build();
  build();
  disk_.put("alias", "a file");
  EXPECT_THAT(build(), ElementsAre("out"));
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(BuildSessionTest, ADamagedStateIsAWarningAndABuildOfEverything) {
  disk_.put("in", "1");
  manifest("build a: cat in\nbuild b: cat a\n");
  build();
  write_file_atomically(".cntr_ninja/state", "no state");
  EXPECT_THAT(build(), ElementsAre("a", "b"));
  EXPECT_THAT(warnings_, ElementsAre(".cntr_ninja/state cannot be used (damaged: it is too short); "
                                     "what it knew is unknown"));
  EXPECT_THAT(build(), IsEmpty());
}

TEST_F(BuildSessionTest, ReadOnlyWritesNothing) {
  disk_.put("in", "1");
  manifest("build a: cat in\n");
  options_.read_only = true;
  options_.build.dry_run = true;
  EXPECT_THAT(build(), ElementsAre("a"));
  EXPECT_THAT(list_directory("."), IsEmpty());
}

TEST_F(BuildSessionTest, ReadOnlyKnowsTheState) {
  disk_.put("in", "1");
  manifest("build a: cat in\n");
  build();
  disk_.put("in", "2");
  const std::string journal = read_file(".cntr_ninja/journal");
  options_.read_only = true;
  options_.build.dry_run = true;
  EXPECT_THAT(build(), ElementsAre("a"));
  EXPECT_EQ(read_file(".cntr_ninja/journal"), journal);
}

TEST_F(BuildSessionTest, WithoutAManifestNothingIsMade) {
  try {
    build();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "loading 'build.ninja': No such file or directory");
  }
  EXPECT_THAT(list_directory("."), IsEmpty());
}

TEST_F(BuildSessionTest, EachManifestHasItsOwnState) {
  disk_.put("in", "1");
  manifest("build a: cat in\n");
  build();
  options_.manifest = "other.ninja";
  disk_.put("other.ninja", disk_.text("build.ninja"));
  build();
  EXPECT_EQ(state_folder("build.ninja"), ".cntr_ninja");
  EXPECT_NE(state_folder("other.ninja"), ".cntr_ninja");
  EXPECT_TRUE(exists(state_folder("other.ninja") + "/state"));
}

TEST_F(BuildSessionTest, ANamedVariableIsPartOfEveryAction) {
  disk_.put("in", "1");
  manifest("CNTR_SIGNATURE_ENV = ENGINE_TEST_A;ENGINE_TEST_B\nbuild a: cat in\n");
  EXPECT_THAT(build(), ElementsAre("a"));
  ::setenv("ENGINE_TEST_B", "1", 1);
  EXPECT_THAT(build(), ElementsAre("a"));
  EXPECT_THAT(build(), IsEmpty());
  ::setenv("ENGINE_TEST_B", "", 1);
  EXPECT_THAT(build(), ElementsAre("a"));
  ::unsetenv("ENGINE_TEST_B");
  EXPECT_THAT(build(), ElementsAre("a"));
  EXPECT_THAT(build(), IsEmpty());
}

}  // namespace
}  // namespace cntr::engine
