#include "ninja/deps_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file_system.h"

namespace cntr::ninja {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Words of a log, in the byte order of the machine.
std::string words(std::initializer_list<uint32_t> values) {
  std::string bytes;
  for (const uint32_t value : values) {
    char raw[4];
    std::memcpy(raw, &value, 4);
    bytes.append(raw, 4);
  }
  return bytes;
}

std::string header(uint32_t version) { return "# ninjadeps\n" + words({version}); }

std::string path_record(const std::string& padded_path, uint32_t number) {
  return words({static_cast<uint32_t>(padded_path.size() + 4)}) + padded_path + words({~number});
}

constexpr uint32_t kDeps = 0x80000000;
constexpr int64_t kMtime = 0x18ea18a5f626ee15;

// What ninja 1.14 wrote for a.o (a.cc, ab.h) and bc.o (b.cc, ab.h).
std::string log_of_ninja() {
  using std::string_literals::operator""s;
  return header(4) + path_record("a.o\0"s, 0) + path_record("a.cc", 1) + path_record("ab.h", 2) +
         words({kDeps | 20, 0, 0xf626ee15, 0x18ea18a5, 1, 2}) + path_record("bc.o", 3) +
         path_record("b.cc", 4) + words({kDeps | 20, 3, 0xf64f3b3d, 0x18ea18a5, 4, 2});
}

std::vector<std::string> paths_of(const DepsLog& log) {
  std::vector<std::string> paths;
  for (uint32_t i = 0; i < log.path_count(); ++i) paths.emplace_back(log.path(i));
  return paths;
}

// "<output> <mtime>: <inputs>" for each record.
std::vector<std::string> text_of(const DepsLog& log) {
  std::vector<std::string> lines;
  for (uint32_t i = 0; i < log.path_count(); ++i) {
    const auto deps = log.deps(i);
    if (!deps) continue;
    std::string line = std::string(log.path(i)) + " " + std::to_string(deps->mtime) + ":";
    for (const uint32_t input : deps->inputs) line += " " + std::string(log.path(input));
    lines.push_back(line);
  }
  return lines;
}

class DepsLogFile : public testing::Test {
 protected:
  std::string content() const { return read_file(path_); }
  DepsLog read() const { return DepsLog(content()); }
  void write(std::string_view bytes) const { write_file_atomically(path_, bytes); }

  TemporaryDirectory directory_{testing::TempDir(), "deps_log."};
  std::string path_ = directory_.path() + "/.ninja_deps";
};

TEST(DepsLog, ReadsWhatNinjaWrites) {
  const DepsLog log(log_of_ninja());
  EXPECT_EQ(log.problem(), "");
  EXPECT_EQ(log.version(), 4);
  EXPECT_FALSE(log.damaged());
  EXPECT_EQ(log.valid_bytes(), log_of_ninja().size());
  EXPECT_THAT(paths_of(log), ElementsAre("a.o", "a.cc", "ab.h", "bc.o", "b.cc"));
  EXPECT_THAT(text_of(log), ElementsAre("a.o 1795274502538980885: a.cc ab.h",
                                        "bc.o 1795274502541622077: b.cc ab.h"));
  EXPECT_EQ(log.deps(1), std::nullopt);
}

TEST(DepsLog, ReadsVersion3) {
  const DepsLog log(header(3) + path_record("a.oo", 0) + path_record("a.cc", 1) +
                    words({kDeps | 12, 0, 1'500'000'000, 1}));
  EXPECT_EQ(log.version(), 3);
  EXPECT_THAT(text_of(log), ElementsAre("a.oo 1500000000: a.cc"));
}

TEST(DepsLog, RefusesOtherVersionsAndOtherFiles) {
  EXPECT_EQ(DepsLog(header(1)).problem(), "its version 1 is too old");
  EXPECT_EQ(DepsLog(header(5)).problem(), "its version 5 is too new");
  for (const std::string& bytes :
       {std::string("x"), std::string("# ninjadeps\n"), std::string("# ninjadepS\n") + words({4}),
        header(4).substr(1)}) {
    EXPECT_EQ(DepsLog(bytes).problem(), "it is not a deps log of ninja");
    EXPECT_EQ(DepsLog(bytes).version(), 0);
  }
}

TEST(DepsLog, MayBeEmpty) {
  EXPECT_EQ(DepsLog("").version(), 0);
  EXPECT_EQ(DepsLog("").problem(), "");
  EXPECT_EQ(DepsLog(header(4)).version(), 4);
  EXPECT_EQ(DepsLog(header(4)).path_count(), 0U);
}

TEST(DepsLog, LastRecordOfAnOutputCounts) {
  const DepsLog log(log_of_ninja() + words({kDeps | 16, 0, 7, 0, 4}) +
                    words({kDeps | 12, 3, 8, 0}));
  EXPECT_THAT(text_of(log), ElementsAre("a.o 7: b.cc", "bc.o 8:"));
}

TEST(DepsLog, StopsBeforeARecordThatIsNotComplete) {
  const std::string bytes = log_of_ninja();
  const size_t last_record = bytes.size() - 24;
  for (size_t size = last_record; size < bytes.size(); ++size) {
    const DepsLog log(bytes.substr(0, size));
    EXPECT_EQ(log.valid_bytes(), last_record);
    EXPECT_EQ(log.damaged(), size > last_record);
    EXPECT_THAT(text_of(log), ElementsAre("a.o 1795274502538980885: a.cc ab.h"));
  }
}

TEST(DepsLog, StopsBeforeARecordThatCannotBe) {
  using std::string_literals::operator""s;
  const std::string good = header(4) + path_record("a.oo", 0);
  const std::vector<std::string> bad = {
      path_record("a.cc", 7),                          // a number out of turn
      path_record("", 1),                              // no path
      path_record("\0\0\0"s, 1),                       // no path
      path_record("abc", 1),                           // a size that is no multiple of 4
      words({0}),                                      // nothing
      words({kDeps}),                                  // nothing
      words({kDeps | 8, 0, 0}),                        // half an mtime
      words({kDeps | 12, 1, 0, 0}),                    // an output that is not there
      words({kDeps | 16, 0, 0, 0, 1}),                 // an input that is not there
      words({kDeps | 16, 0, 0, 0, UINT32_MAX}),        // the same
      words({1U << 19}) + std::string(1U << 19, 'x'),  // too large
      words({0x7fffffff}) + "xxxx",
  };
  for (const std::string& record : bad) {
    const DepsLog log(good + record + path_record("b.cc", 1));
    EXPECT_EQ(log.valid_bytes(), good.size());
    EXPECT_TRUE(log.damaged());
    EXPECT_THAT(paths_of(log), ElementsAre("a.oo"));
    EXPECT_THAT(text_of(log), IsEmpty());
  }
}

TEST(DepsLog, AsksForRecompactionWhenMostRecordsAreOld) {
  const auto log_of = [](int records) {
    std::string bytes = header(4) + path_record("a.oo", 0);
    for (int i = 0; i < records; ++i) bytes += words({kDeps | 12, 0, 7, 0});
    return DepsLog(bytes);
  };
  EXPECT_FALSE(log_of(1000).needs_recompaction());
  EXPECT_TRUE(log_of(1001).needs_recompaction());
}

TEST_F(DepsLogFile, IsWrittenAsNinjaWritesIt) {
  DepsLogWriter writer(path_);
  EXPECT_EQ(content(), header(4));
  writer.record("a.o", kMtime, {{"a.cc", "ab.h"}});
  writer.record("bc.o", 1795274502541622077, {{"b.cc", "ab.h"}});
  EXPECT_EQ(content(), log_of_ninja());
  EXPECT_EQ(text_of(writer.log()), text_of(read()));
}

TEST_F(DepsLogFile, AppendsOnlyWhatIsNew) {
  write(log_of_ninja());
  DepsLogWriter writer(path_);
  writer.record("a.o", kMtime, {{"a.cc", "ab.h"}});
  EXPECT_EQ(content(), log_of_ninja());
  writer.record("a.o", kMtime, {{"a.cc", "new.h"}});
  writer.record("a.o", kMtime, {{"a.cc", "new.h"}});
  EXPECT_EQ(content(), log_of_ninja() + words({12}) + std::string("new.h\0\0\0", 8) + words({~5U}) +
                           words({kDeps | 20, 0, 0xf626ee15, 0x18ea18a5, 1, 5}));
  writer.record("a.o", kMtime + 1, {{"a.cc", "new.h"}});
  EXPECT_THAT(text_of(read()), ElementsAre("a.o 1795274502538980886: a.cc new.h",
                                           "bc.o 1795274502541622077: b.cc ab.h"));
  EXPECT_EQ(text_of(writer.log()), text_of(read()));
}

TEST_F(DepsLogFile, EveryRecordMayNameKnownAndNewPathsAndSomeTwice) {
  write(log_of_ninja());
  DepsLogWriter writer(path_);
  writer.record("a.o", 7, {{"new.h", "ab.h", "new.h", "ab.h", "a.o"}});
  writer.record("new.o", 8, {{"new.h", "newer.h", "newer.h", "b.cc"}});
  EXPECT_THAT(text_of(read()),
              ElementsAre("a.o 7: new.h ab.h new.h ab.h a.o", "bc.o 1795274502541622077: b.cc ab.h",
                          "new.o 8: new.h newer.h newer.h b.cc"));
  EXPECT_EQ(read().path_count(), 8U);
}

TEST_F(DepsLogFile, PathsThatEndAlikeAreDifferent) {
  DepsLogWriter writer(path_);
  writer.record("a/same_end.o", 1, {{"x/same_end.h", "y/same_end.h"}});
  writer.record("b/same_end.o", 2, {{"y/same_end.h", "xx/same_end.h", "h", "oh"}});
  EXPECT_THAT(text_of(read()), ElementsAre("a/same_end.o 1: x/same_end.h y/same_end.h",
                                           "b/same_end.o 2: y/same_end.h xx/same_end.h h oh"));
  EXPECT_EQ(read().path_count(), 7U);
}

// Beyond a few records paths are found in another way.
TEST_F(DepsLogFile, ManyRecordsNumberPathsAsAFewDo) {
  write(log_of_ninja());
  const auto record_runs = [this](std::string_view output, std::string_view header) {
    DepsLogWriter writer(path_);
    for (int run = 0; run < 100; ++run) {
      const std::string source = std::to_string(run) + ".cc";
      writer.record(output, run, {{source, header, "new.h"}});
    }
  };
  record_runs("a.o", "ab.h");
  EXPECT_THAT(text_of(read()),
              ElementsAre("a.o 99: 99.cc ab.h new.h", "bc.o 1795274502541622077: b.cc ab.h"));
  EXPECT_EQ(read().path_count(), 5U + 101U);
  record_runs("bc.o", "b.cc");
  EXPECT_THAT(text_of(read()),
              ElementsAre("a.o 99: 99.cc ab.h new.h", "bc.o 99: 99.cc b.cc new.h"));
  EXPECT_EQ(read().path_count(), 5U + 101U);
}

// With what it has now, our numbers would be others.
TEST_F(DepsLogFile, ThatAnotherProgramChangesIsLeftAlone) {
  const auto is_refused_after = [this](const std::function<void()>& change) {
    write(log_of_ninja());
    DepsLogWriter writer(path_);
    writer.record("a.o", 7, {{"a.cc"}});
    change();
    const std::string changed = content();
    try {
      writer.record("bc.o", 8, {{"b.cc", "new.h"}});
      return false;
    } catch (const Error& error) {
      return error.message() == "another program has changed " + path_ && content() == changed;
    }
  };
  EXPECT_TRUE(is_refused_after([this] { std::filesystem::resize_file(path_, 40); }));
  EXPECT_TRUE(is_refused_after([this] { std::filesystem::resize_file(path_, 0); }));
  EXPECT_TRUE(is_refused_after([this] { write(content()); }));
  EXPECT_TRUE(
      is_refused_after([this] { std::ofstream(path_, std::ios::app) << path_record("c.cc", 5); }));
  EXPECT_FALSE(is_refused_after([] {}));
}

TEST_F(DepsLogFile, ThatIsMostlyOutOfDateIsWrittenAnew) {
  std::string bytes = log_of_ninja();
  for (uint32_t run = 0; run < 3000; ++run) bytes += words({kDeps | 16, 0, run, 0, 1});
  write(bytes);
  DepsLogWriter writer(path_);
  EXPECT_THAT(text_of(read()),
              ElementsAre("a.o 2999: a.cc", "bc.o 1795274502541622077: b.cc ab.h"));
  EXPECT_LT(content().size(), log_of_ninja().size());
  writer.record("bc.o", 8, {{"b.cc"}});
  EXPECT_THAT(text_of(read()), ElementsAre("a.o 2999: a.cc", "bc.o 8: b.cc"));
}

TEST_F(DepsLogFile, CutsOffWhatIsDamaged) {
  write(log_of_ninja() + "torn");
  {
    DepsLogWriter writer(path_);
    EXPECT_EQ(content(), log_of_ninja());
    writer.record("a.o", 7, {});
  }
  EXPECT_FALSE(read().damaged());
  EXPECT_THAT(text_of(read()), ElementsAre("a.o 7:", "bc.o 1795274502541622077: b.cc ab.h"));
}

TEST_F(DepsLogFile, AnotherVersionIsReplaced) {
  for (const std::string& bytes :
       {header(3) + path_record("a.oo", 0), header(5), std::string("anything")}) {
    write(bytes);
    DepsLogWriter writer(path_);
    EXPECT_EQ(content(), header(4));
  }
}

TEST_F(DepsLogFile, TooManyInputsAreAnErrorAndHarmless) {
  DepsLogWriter writer(path_);
  const std::vector<std::string_view> inputs(131'069, "a.h");
  try {
    writer.record("a.o", 7, inputs);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "131069 inputs of one output are too many for ninja's deps log");
  }
  writer.record("b.o", 8, {{"a.h"}});
  EXPECT_FALSE(read().damaged());
  EXPECT_THAT(text_of(read()), ElementsAre("b.o 8: a.h"));
}

TEST_F(DepsLogFile, RecompactionKeepsTheLastRecordOfWhatLives) {
  const DepsLog log(log_of_ninja() + words({kDeps | 16, 3, 9, 0, 4}));
  recompact_deps_log(path_, log, [](std::string_view output) { return output != "a.o"; });
  EXPECT_EQ(content(), header(4) + path_record("bc.o", 0) + path_record("b.cc", 1) +
                           words({kDeps | 16, 0, 9, 0, 1}));
}

TEST_F(DepsLogFile, RecompactionLeavesAnotherVersionAlone) {
  write(header(3));
  recompact_deps_log(path_, read(), [](std::string_view) { return true; });
  EXPECT_EQ(content(), header(3));
}

}  // namespace
}  // namespace cntr::ninja
