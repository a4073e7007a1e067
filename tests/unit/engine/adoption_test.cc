// What ninja would call clean, by its logs and by times.
#include "engine/adoption.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/error.h"
#include "engine/programs.h"
#include "ninja/command_hash.h"
#include "ninja/manifest_parser.h"
#include "working_directory.h"

namespace cntr::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int64_t kSecond = 1'000'000'000;

// Files have times in seconds; what a log says too.
class AdoptionTest : public testing::Test {
 protected:
  using Names = std::vector<std::string>;

  static void put(const std::string& path, int64_t seconds, const std::string& text = "x") {
    write_file_atomically(path, text);
    const timespec times[] = {{seconds, 0}, {seconds, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  }
  void log(const std::string& output, int64_t seconds, const std::string& command) {
    outputs_.push_back(output);
    entries_.push_back({"", 10, 35, seconds * kSecond, ninja::command_hash(command, version_)});
  }
  static void deps(const std::string& output, int64_t seconds,
                   const std::vector<std::string_view>& inputs) {
    ninja::DepsLogWriter writer(".ninja_deps");
    writer.record(output, seconds * kSecond, inputs);
  }
  void manifest(const std::string& edges) {
    manifest_ = "rule cat\n  command = cat $in > $out\n" + edges;
  }

  // The first outputs of the edges that are adopted.
  Names adopted() {
    for (size_t i = 0; i < entries_.size(); ++i) entries_[i].output = outputs_[i];
    ninja::write_ninja_log(".ninja_log", version_, entries_);
    state_ = State::of(ninja::parse_manifest(
        "build.ninja", [this](const std::string&) { return std::optional(manifest_); }));
    FileTable files(state_, disk_);
    Decider decider(state_, files, {});
    Programs programs("");
    Recorder recorder(state_, files, decider, disk_, programs);
    NinjaHistory history(state_, files, decider, "", true,
                         [](const std::string& text) { ADD_FAILURE() << text; });
    if (!history.read()) return {"nothing to read"};
    Names names;
    for (const ninja::EdgeId edge : adopt(state_, disk_, files, decider, recorder, history)) {
      EXPECT_TRUE(state_.records[edge].exists());
      if (!state_.graph.has(edge, ninja::kGenerator)) {
        EXPECT_FALSE(decider.must_run(edge));
      }
      names.emplace_back(state_.graph.path(state_.graph.outputs(edge).front()));
    }
    return names;
  }

  WorkingDirectory directory_;
  RealDisk disk_;
  int version_ = ninja::kNinjaLogVersion;
  std::vector<std::string> outputs_;
  std::vector<ninja::NinjaLogEntry> entries_;
  std::string manifest_;
  State state_;
};

TEST_F(AdoptionTest, AnOutputThatIsNewerThanItsInputsIsClean) {
  put("in", 10);
  put("out", 20);
  log("out", 20, "cat in > out");
  manifest("build out: cat in\n");
  EXPECT_THAT(adopted(), ElementsAre("out"));
  EXPECT_EQ(state_.records[0].duration_ms, 25u);
}

TEST_F(AdoptionTest, AnOutputThatIsOlderIsNot) {
  put("in", 30);
  put("out", 20);
  log("out", 20, "cat in > out");
  manifest("build out: cat in\n");
  EXPECT_THAT(adopted(), IsEmpty());
}

TEST_F(AdoptionTest, AnOutputThatTheLogDoesNotKnowIsNot) {
  put("in", 10);
  put("out", 20);
  log("other", 20, "cat in > other");
  manifest("build out: cat in\n");
  EXPECT_THAT(adopted(), IsEmpty());
}

TEST_F(AdoptionTest, AnEmptyLogIsNothingToAdopt) {
  manifest("build out: cat in\n");
  EXPECT_THAT(adopted(), ElementsAre("nothing to read"));
}

TEST_F(AdoptionTest, AMissingOutputIsNotClean) {
  put("in", 10);
  put("out", 20);
  log("out", 20, "touch");
  log("side", 20, "touch");
  manifest("rule touch\n  command = touch\nbuild out | side: touch in\n");
  EXPECT_THAT(adopted(), IsEmpty());
}

TEST_F(AdoptionTest, AChangedCommandIsNotClean) {
  put("in", 10);
  put("out", 20);
  log("out", 20, "cat in in > out");
  manifest("build out: cat in\n");
  EXPECT_THAT(adopted(), IsEmpty());
}

TEST_F(AdoptionTest, EachVersionHasItsHash) {
  put("in", 10);
  put("out", 20);
  manifest("build out: cat in\n");
  for (const int version : {5, 6, 7}) {
    version_ = version;
    outputs_.clear();
    entries_.clear();
    log("out", 20, "cat in > out");
    EXPECT_THAT(adopted(), ElementsAre("out")) << version;
  }
}

TEST_F(AdoptionTest, AnOldLogIsWrittenInTheVersionOfToday) {
  put("in", 10);
  put("out", 20);
  version_ = 5;
  log("out", 20, "cat in > out");
  manifest("build out: cat in\n");
  EXPECT_THAT(adopted(), ElementsAre("out"));
  const ninja::NinjaLog now(read_file(".ninja_log"));
  EXPECT_EQ(now.version(), ninja::kNinjaLogVersion);
  ASSERT_NE(now.find("out"), nullptr);
  EXPECT_EQ(*now.find("out"), (ninja::NinjaLogEntry{"out", 10, 35, 20 * kSecond,
                                                    ninja::command_hash("cat in > out", 7)}));
}

TEST_F(AdoptionTest, AResponseFileIsPartOfTheCommand) {
  put("in", 10);
  put("out", 20);
  log("out", 20, "cat @r;rspfile=in");
  manifest(
      "rule respond\n  command = cat @r\n  rspfile = r\n  rspfile_content = $in\n"
      "build out: respond in\n");
  EXPECT_THAT(adopted(), ElementsAre("out"));
}

TEST_F(AdoptionTest, TheTimeOfTheLogCountsToo) {
  put("in", 15);
  put("out", 20);
  log("out", 10, "cat in > out");  // the command was started before the input was made
  manifest("build out: cat in\n");
  EXPECT_THAT(adopted(), IsEmpty());
}

TEST_F(AdoptionTest, ARestatEdgeGoesByTheLogAlone) {
  put("in", 15);
  put("out", 10);
  log("out", 15, "cat in > out");
  const std::string edge = "build out: cat in\n";
  manifest(edge + "  restat = 1\n");
  EXPECT_THAT(adopted(), ElementsAre("out"));
  manifest(edge);
  EXPECT_THAT(adopted(), IsEmpty());
}

TEST_F(AdoptionTest, AGeneratorNeedsNoLogAndNoCommand) {
  put("in", 10);
  put("out", 20);
  put("out2", 20);
  log("out2", 20, "another command");
  manifest("build out: cat in\n  generator = 1\nbuild out2: cat in\n  generator = 1\n");
  EXPECT_THAT(adopted(), ElementsAre("out", "out2"));
}

TEST_F(AdoptionTest, OrderOnlyInputsDoNotCount) {
  put("in", 10);
  put("order", 99);
  put("out", 20);
  log("out", 20, "cat in > out");
  manifest("build out: cat in || order\n");
  EXPECT_THAT(adopted(), ElementsAre("out"));
}

TEST_F(AdoptionTest, AliasesAreWhatTheyStandFor) {
  put("a", 10);
  put("in", 10);
  put("out", 20);
  log("out", 20, "cat in > out");
  manifest("build alias: phony a\nbuild out: cat in | alias\n");
  EXPECT_THAT(adopted(), ElementsAre("out"));
  put("a", 30);
  EXPECT_THAT(adopted(), IsEmpty());
}

TEST_F(AdoptionTest, ACycleOfAliasesIsForTheBuildToTell) {
  put("in", 10);
  put("out", 20);
  log("out", 20, "cat in > out");
  manifest("build a: phony b\nbuild b: phony a\nbuild out: cat in | a\n");
  adopted();
}

TEST_F(AdoptionTest, WhatIsAlwaysNewIsNeverClean) {
  put("in", 10);
  put("out", 20);
  log("out", 20, "cat in > out");
  manifest("build force: phony\nbuild out: cat in | force\n");
  EXPECT_THAT(adopted(), IsEmpty());
}

TEST_F(AdoptionTest, HeadersStandInTheDepsLog) {
  put("in", 10);
  put("h", 10);
  put("out", 20);
  log("out", 20, "cat in > out");
  manifest("build out: cat in\n  deps = gcc\n  depfile = out.d\n");
  EXPECT_THAT(adopted(), IsEmpty());  // nothing is known of its headers
  deps("out", 20, {"in", "h"});
  EXPECT_THAT(adopted(), ElementsAre("out"));
  ASSERT_EQ(state_.discovered_of(state_.records[0]).size(), 1u);
  EXPECT_EQ(state_.graph.path(state_.discovered_of(state_.records[0])[0].node), "h");
  put("h", 30);
  EXPECT_THAT(adopted(), IsEmpty());
  remove_tree("h");
  EXPECT_THAT(adopted(), IsEmpty());
}

TEST_F(AdoptionTest, HeadersOfAnOlderOutputAreNotBelieved) {
  put("in", 10);
  put("h", 10);
  put("out", 20);
  log("out", 20, "cat in > out");
  deps("out", 19, {"in", "h"});
  manifest("build out: cat in\n  deps = gcc\n  depfile = out.d\n");
  EXPECT_THAT(adopted(), IsEmpty());
}

TEST_F(AdoptionTest, WithoutDepsTheDepfileIsRead) {
  put("in", 10);
  put("h", 10);
  put("out", 20);
  log("out", 20, "cat in > out");
  manifest("build out: cat in\n  depfile = out.d\n");
  EXPECT_THAT(adopted(), IsEmpty());
  put("out.d", 20, "out: in ./h\n");
  EXPECT_THAT(adopted(), ElementsAre("out"));
  put("h", 30);
  EXPECT_THAT(adopted(), IsEmpty());
}

TEST_F(AdoptionTest, ADamagedDepfileIsAsNone) {
  put("in", 10);
  put("out", 20);
  put("out.d", 20, "no colon");
  log("out", 20, "cat in > out");
  manifest("build out: cat in\n  depfile = out.d\n");
  EXPECT_THAT(adopted(), IsEmpty());
}

TEST_F(AdoptionTest, ADamagedDepsLogIsAsNone) {
  put("in", 10);
  put("out", 20);
  log("out", 20, "cat in > out");
  write_file_atomically(".ninja_deps", "what is this");
  manifest("build out: cat in\n  deps = gcc\n  depfile = out.d\n");
  EXPECT_THAT(adopted(), IsEmpty());
}

TEST_F(AdoptionTest, ANameThatNoFileCanHaveIsNotBelieved) {
  put("in", 10);
  put("h", 10);
  put("out", 20);
  log("out", 20, "cat in > out");
  deps("out", 20, {"in", std::string_view("h\0x", 3)});
  manifest("build out: cat in\n  deps = gcc\n  depfile = out.d\n");
  EXPECT_THAT(adopted(), IsEmpty());
}

TEST_F(AdoptionTest, DyndepFilesCount) {
  put("in", 10);
  put("module", 10);
  put("out", 20);
  put("dd", 10, "ninja_dyndep_version = 1\nbuild out: dyndep | module\n");
  log("out", 20, "cat in > out");
  manifest("build out: cat in || dd\n  dyndep = dd\n");
  EXPECT_THAT(adopted(), ElementsAre("out"));
  put("module", 30);
  EXPECT_THAT(adopted(), IsEmpty());
}

TEST_F(AdoptionTest, StampsAreAdopted) {
  put("in", 10);
  put("stamp", 20, "");
  put("out", 30);
  log("stamp", 20, "cat in > stamp");
  log("out", 30, "cat stamp > out");
  manifest("build stamp: cat in\nbuild out: cat stamp\n");
  EXPECT_THAT(adopted(), ElementsAre("stamp", "out"));
}

TEST_F(AdoptionTest, StampsAreAdoptedWhateverTheOrderOfTheManifest) {
  put("in", 10);
  put("stamp", 20, "");
  put("out", 30);
  log("stamp", 20, "cat in > stamp");
  log("out", 30, "cat stamp > out");
  manifest("build out: cat stamp\nbuild stamp: cat in\n");
  EXPECT_THAT(adopted(), testing::UnorderedElementsAre("stamp", "out"));
  FileTable files(state_, disk_);
  Decider decider(state_, files, {});
  EXPECT_FALSE(decider.must_run(0));
  EXPECT_FALSE(decider.must_run(1));
}

}  // namespace
}  // namespace cntr::engine
