// The thread that keeps ninja's deps log.
#include "engine/deps_log_thread.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file_system.h"
#include "ninja/deps_log.h"

namespace cntr::engine {
namespace {

using testing::HasSubstr;

class DepsLogThreadTest : public testing::Test {
 protected:
  // "output mtime: input ...", a line for each output.
  std::string content() const {
    const ninja::DepsLog log(read_file(path_));
    std::string text;
    for (uint32_t number = 0; number < log.path_count(); ++number) {
      const auto deps = log.deps(number);
      if (!deps) continue;
      text += std::string(log.path(number)) + " " + std::to_string(deps->mtime) + ":";
      for (const uint32_t input : deps->inputs) text += " " + std::string(log.path(input));
      text += "\n";
    }
    return text;
  }

  TemporaryDirectory directory_{testing::TempDir(), "deps_log_thread."};
  const std::string path_ = directory_.path() + "/.ninja_deps";
};

TEST_F(DepsLogThreadTest, WritesInTheOrderOfTheCalls) {
  DepsLogThread thread(path_);
  for (int run = 0; run < 100; ++run) {
    thread.record("a.o", run, {"a.cc", "a.h"});
    thread.record("b.o", run, {"b.cc", "a.h"});
  }
  thread.finish();
  EXPECT_EQ(content(), "a.o 99: a.cc a.h\nb.o 99: b.cc a.h\n");
}

TEST_F(DepsLogThreadTest, GoesOnWithWhatTheLogHas) {
  { DepsLogThread(path_).record("a.o", 1, {"a.cc"}); }
  { DepsLogThread(path_).record("b.o", 2, {"a.cc"}); }
  EXPECT_EQ(content(), "a.o 1: a.cc\nb.o 2: a.cc\n");
}

TEST_F(DepsLogThreadTest, WritesAnewWhatIsMostlyOutOfDate) {
  {
    DepsLogThread thread(path_);
    for (int run = 0; run < 1001; ++run) thread.record("a.o", run, {"a.cc"});
  }
  const size_t large = read_file(path_).size();
  { DepsLogThread(path_).record("b.o", 1, {"a.cc"}); }
  EXPECT_LT(read_file(path_).size(), large / 100);
  EXPECT_EQ(content(), "a.o 1000: a.cc\nb.o 1: a.cc\n");
}

TEST_F(DepsLogThreadTest, FinishTellsWhatCouldNotBeWritten) {
  make_directories(path_);
  DepsLogThread thread(path_);
  thread.record("a.o", 1, {"a.cc"});
  try {
    thread.finish();
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), HasSubstr(path_));
  }
}

}  // namespace
}  // namespace cntr::engine
