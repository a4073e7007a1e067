#include "ninja/ninja_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "base/file_system.h"

namespace cntr::ninja {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr NinjaLogEntry kEntry{"out/a.o", 3, 17, 1'795'273'973'162'325'391, 0xc414894a68fb16e1};
constexpr const char* kLine = "3\t17\t1795273973162325391\tout/a.o\tc414894a68fb16e1\n";

class NinjaLogFile : public testing::Test {
 protected:
  std::string content() const { return read_file(path_); }
  void write(std::string_view text) const { write_file_atomically(path_, text); }

  TemporaryDirectory directory_{testing::TempDir(), "ninja_log."};
  std::string path_ = directory_.path() + "/.ninja_log";
};

TEST(NinjaLog, ReadsVersions5To7) {
  for (int version = 5; version <= 7; ++version) {
    const NinjaLog log("# ninja log v" + std::to_string(version) + "\n" + kLine);
    EXPECT_EQ(log.problem(), "");
    EXPECT_EQ(log.version(), version);
    EXPECT_THAT(log.entries(), ElementsAre(kEntry));
    ASSERT_NE(log.find("out/a.o"), nullptr);
    EXPECT_EQ(*log.find("out/a.o"), kEntry);
    EXPECT_EQ(log.find("out/b.o"), nullptr);
  }
}

TEST(NinjaLog, RefusesOtherVersionsAndOtherFiles) {
  EXPECT_EQ(NinjaLog("# ninja log v4\n").problem(), "its version 4 is too old");
  EXPECT_EQ(NinjaLog("# ninja log v8\n").problem(), "its version 8 is too new");
  for (const char* text : {"x", "\n", "# ninja log v7", "# ninja log v\n", "# ninja log v7x\n",
                           "# ninja log v99999999999999\n", "#! /bin/sh\n"}) {
    const NinjaLog log(std::string(text) + kLine);
    EXPECT_EQ(log.problem(), "it is not a log of ninja") << text;
    EXPECT_EQ(log.version(), 0);
    EXPECT_THAT(log.entries(), IsEmpty());
  }
}

TEST(NinjaLog, MayBeEmpty) {
  EXPECT_EQ(NinjaLog("").problem(), "");
  EXPECT_EQ(NinjaLog("").version(), 0);
  EXPECT_EQ(NinjaLog().find("a"), nullptr);
  EXPECT_EQ(NinjaLog("# ninja log v7\n").version(), 7);
}

TEST(NinjaLog, LastEntryOfAnOutputCounts) {
  const NinjaLog log(
      "# ninja log v7\n"
      "1\t2\t10\ta\ta1\n"
      "1\t2\t20\tb\tb1\n"
      "5\t6\t30\ta\ta2\n");
  EXPECT_THAT(log.entries(),
              ElementsAre(NinjaLogEntry{"a", 5, 6, 30, 0xa2}, NinjaLogEntry{"b", 1, 2, 20, 0xb1}));
}

TEST(NinjaLog, PassesOverWhatIsNoEntry) {
  const NinjaLog log(
      "# ninja log v7\n"
      "\n"
      "1\t2\t3\n"
      "1\t2\t3\tno_hash\n"
      "1\t2\t3\tbad_hash\txyz\n"
      "1\t2\t3\tlong_hash\t11112222333344445\n"
      "1\t2\t3\t\tff\n"
      "one\t2\t3\tbad_start\tff\n"
      "1\t2\t99999999999999999999\tbig_mtime\tff\n"
      "1\t2\t3\ttorn1\t2\t3\tb\tff\n"
      "1\t2\t3\tgood\tff\n"
      "1\t2\t3\tnot_ended\tff");
  EXPECT_THAT(log.entries(), ElementsAre(NinjaLogEntry{"good", 1, 2, 3, 0xff}));
}

TEST(NinjaLog, AsksForRecompactionWhenMostLinesAreOld) {
  const auto log_of = [](int lines, int outputs) {
    std::string text = "# ninja log v7\n";
    for (int i = 0; i < lines; ++i) text += "1\t2\t3\tout" + std::to_string(i % outputs) + "\tff\n";
    return NinjaLog(text);
  };
  EXPECT_FALSE(log_of(100, 1).needs_recompaction());
  EXPECT_TRUE(log_of(101, 1).needs_recompaction());
  EXPECT_FALSE(log_of(300, 100).needs_recompaction());
  EXPECT_TRUE(log_of(301, 100).needs_recompaction());
}

TEST_F(NinjaLogFile, IsWrittenAsItIsRead) {
  { NinjaLogWriter(path_).record({{kEntry}}); }
  EXPECT_EQ(content(), std::string("# ninja log v7\n") + kLine);
  { NinjaLogWriter(path_).record({{{"b", 0, 1, 0, 0}}}); }
  EXPECT_EQ(content(), std::string("# ninja log v7\n") + kLine + "0\t1\t0\tb\t0\n");
  EXPECT_THAT(NinjaLog(content()).entries(), ElementsAre(kEntry, NinjaLogEntry{"b", 0, 1, 0, 0}));
}

TEST_F(NinjaLogFile, EntriesAreThereAtOnce) {
  NinjaLogWriter writer(path_);
  EXPECT_EQ(content(), "# ninja log v7\n");
  const std::vector<NinjaLogEntry> entries = {{"a", 1, 2, 3, 4}, {"b", 1, 2, 3, 4}};
  writer.record(entries);
  EXPECT_EQ(content(), "# ninja log v7\n1\t2\t3\ta\t4\n1\t2\t3\tb\t4\n");
}

TEST_F(NinjaLogFile, HalfALineOfAnEarlierWriterIsEnded) {
  write("# ninja log v7\n1\t2\t3\ta");
  { NinjaLogWriter(path_).record({{kEntry}}); }
  EXPECT_EQ(content(), std::string("# ninja log v7\n1\t2\t3\ta\n") + kLine);
}

TEST_F(NinjaLogFile, AnotherVersionIsReplaced) {
  for (const char* text : {"# ninja log v6\n1\t2\t3\ta\t4\n", "# ninja", "anything\n"}) {
    write(text);
    { NinjaLogWriter(path_).record({{kEntry}}); }
    EXPECT_EQ(content(), std::string("# ninja log v7\n") + kLine) << text;
  }
}

TEST_F(NinjaLogFile, NamesThatTheFormatCannotHoldAreLeftOut) {
  const std::vector<NinjaLogEntry> entries = {{"a\tb", 1, 2, 3, 4}, {"a\nb", 1, 2, 3, 4}, kEntry};
  { NinjaLogWriter(path_).record(entries); }
  EXPECT_EQ(content(), std::string("# ninja log v7\n") + kLine);
}

TEST_F(NinjaLogFile, CannotBeWrittenInAMissingDirectory) {
  try {
    NinjaLogWriter writer(directory_.path() + "/missing/.ninja_log");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "Cannot open " + directory_.path() +
                                   "/missing/.ninja_log: No such file or directory");
  }
}

TEST_F(NinjaLogFile, RecompactionKeepsTheLastLineOfWhatLives) {
  const NinjaLog log(
      "# ninja log v5\n1\t2\t3\ta\t1\n1\t2\t3\tdead\t1\n1\t2\t9\ta\t2\n1\t2\t3\tb\t1\n");
  recompact_ninja_log(path_, log, [](std::string_view output) { return output == "dead"; });
  EXPECT_EQ(content(), "# ninja log v5\n1\t2\t9\ta\t2\n1\t2\t3\tb\t1\n");
}

TEST_F(NinjaLogFile, RecompactionLeavesWhatItCannotReadAlone) {
  write("# ninja log v8\n");
  recompact_ninja_log(path_, NinjaLog(content()), [](std::string_view) { return true; });
  EXPECT_EQ(content(), "# ninja log v8\n");
}

TEST_F(NinjaLogFile, RestatTakesTheMtimesOfNow) {
  const auto mtime_of = [](const std::string& output) { return output == "a" ? 70 : 80; };
  write("# ninja log v6\n1\t2\t3\ta\t1\n1\t2\t3\tb\t1\n");
  const std::vector<std::string> only_b = {"b", "build.ninja"};
  restat_ninja_log(path_, only_b, mtime_of);
  EXPECT_EQ(content(), "# ninja log v6\n1\t2\t3\ta\t1\n1\t2\t80\tb\t1\n");
  restat_ninja_log(path_, {}, mtime_of);
  EXPECT_EQ(content(), "# ninja log v6\n1\t2\t70\ta\t1\n1\t2\t80\tb\t1\n");
}

TEST_F(NinjaLogFile, RestatWithoutALogDoesNothing) {
  const auto mtime_of = [](const std::string&) -> int64_t { throw internal_error("asked"); };
  restat_ninja_log(path_, {}, mtime_of);
  EXPECT_FALSE(exists(path_));
  write("# ninja log v8\n");
  restat_ninja_log(path_, {}, mtime_of);
  EXPECT_EQ(content(), "# ninja log v8\n");
}

}  // namespace
}  // namespace cntr::ninja
