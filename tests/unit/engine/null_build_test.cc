#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "base/environment.h"
#include "base/file_system.h"
#include "build_session_fixture.h"

namespace cntr::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// What a build costs in which nothing changed: one look at each file, and nothing else.
class NullBuildTest : public BuildSessionTest {
 protected:
  static constexpr size_t kEdges = 100;

  NullBuildTest() : search_path_(environment_variable("PATH").value_or("")) {
    ::setenv("PATH", "", 1);  // the machine's programs are files as well
    std::string edges;
    for (size_t i = 0; i < kEdges; ++i) {
      const std::string number = std::to_string(i);
      disk_.put("in" + number, number);
      disk_.put("h" + number, number);
      edges += "build out" + number + ": run in" + number + " || .\n  depfile = d" + number +
               "\n  do = cat in" + number + " > out" + number + " && echo out" + number + ": h" +
               number + " > d" + number + "\n";
    }
    disk_.make_directory(".");
    manifest(edges);
    build();
    build();  // reads again what was young
  }
  ~NullBuildTest() override { ::setenv("PATH", search_path_.c_str(), 1); }

  // All that tells whether a file was written.
  static std::string written() {
    std::string text;
    for (const std::string name : {"state", "readers", "journal", "lock"}) {
      const FileStat file = stat_file(".cntr_ninja/" + name).value();
      text += std::to_string(file.inode) + " " + std::to_string(file.size) + " " +
              std::to_string(file.ctime) + "\n";
    }
    return text;
  }

  // in, h and out of each edge, and the directory
  static constexpr size_t kFiles = 3 * kEdges + 1;

 private:
  std::string search_path_;
};

TEST_F(NullBuildTest, LooksAtEachFileOnceAndReadsAndWritesNothing) {
  const std::string before = written();
  const size_t looks = disk_.looks();
  const size_t reads = disk_.reads();
  EXPECT_THAT(build(), IsEmpty());
  EXPECT_TRUE(nothing_changed_);
  // The manifest: whether there is one, and whether it is another.
  EXPECT_EQ(disk_.looks() - looks, kFiles + 2);
  EXPECT_EQ(disk_.reads(), reads);
  EXPECT_EQ(written(), before);
}

TEST_F(NullBuildTest, ADirectoryThatIsOnlyWaitedForMayChangeItsTimes) {
  disk_.set_mtime(".", disk_.now());
  const std::string before = written();
  EXPECT_THAT(build(), IsEmpty());
  EXPECT_TRUE(nothing_changed_);
  EXPECT_EQ(written(), before);
}

TEST_F(NullBuildTest, OneChangeIsKeptWithoutWritingTheStateAnew) {
  const std::string state = read_file(".cntr_ninja/state");
  disk_.put("in7", "changed");
  const size_t looks = disk_.looks();
  EXPECT_THAT(build(), ElementsAre("out7"));
  // Beyond one at each file, what running a command costs.
  EXPECT_LT(disk_.looks() - looks, kFiles + 20);
  EXPECT_EQ(read_file(".cntr_ninja/state"), state);
  EXPECT_THAT(build(), IsEmpty());
  EXPECT_TRUE(nothing_changed_);
  EXPECT_EQ(disk_.text("out7"), "changed");
}

TEST_F(NullBuildTest, OneChangeIsFoundWithoutTheIndexToo) {
  ASSERT_TRUE(exists(".cntr_ninja/readers"));
  for (const std::string bytes : {"", "no index"}) {
    write_file_atomically(".cntr_ninja/readers", bytes);
    disk_.put("h7", "changed, as is " + bytes);
    EXPECT_THAT(build(), ElementsAre("out7"));
    EXPECT_THAT(build(), IsEmpty());
  }
}

}  // namespace
}  // namespace cntr::engine
