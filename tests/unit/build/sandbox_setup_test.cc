#include "build/sandbox_setup.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cntr::build {
namespace {

class ObstacleOnTheWay : public testing::Test {
 protected:
  ObstacleOnTheWay() { make_directories(work() + "/build/a/b"); }

  std::string work() const { return root_.path() + "/work"; }
  std::string outside() const { return root_.path() + "/outside"; }
  std::optional<std::string> to(const std::string& path) {
    return obstacle_on_the_way(work(), work() + path);
  }
  void link(const std::string& path) {
    make_directories(outside() + "/b");
    write_file_atomically(outside() + "/file", "precious");
    ASSERT_EQ(symlink(outside().c_str(), (work() + path).c_str()), 0);
  }

  TemporaryDirectory root_{testing::TempDir(), "obstacle-"};
};

TEST_F(ObstacleOnTheWay, DirectoriesAndWhatIsNotThereAreNone) {
  EXPECT_EQ(to("/build/a/b/file"), std::nullopt);
  EXPECT_EQ(to("/build/a/none/file"), std::nullopt);
  EXPECT_EQ(to("/none/file"), std::nullopt);
}

TEST_F(ObstacleOnTheWay, ALinkIsOneWhereverItLeads) {
  link("/build/out");
  EXPECT_EQ(to("/build/out/file"), "/build/out");
  EXPECT_EQ(to("/build/out/b/file"), "/build/out");
  ASSERT_EQ(symlink("a", (work() + "/build/inside").c_str()), 0);
  EXPECT_EQ(to("/build/inside/b/file"), "/build/inside");
  ASSERT_EQ(symlink("nowhere", (work() + "/build/dangling").c_str()), 0);
  EXPECT_EQ(to("/build/dangling/file"), "/build/dangling");
}

TEST_F(ObstacleOnTheWay, SoIsAFile) {
  write_file_atomically(work() + "/build/a/file", "x");
  EXPECT_EQ(to("/build/a/file/below"), "/build/a/file");
}

TEST_F(ObstacleOnTheWay, TheLastComponentMayBeAnything) {
  link("/build/a/out");
  EXPECT_EQ(to("/build/a/out"), std::nullopt);
  EXPECT_EQ(to("/build/a/out/."), "/build/a/out");
}

TEST_F(ObstacleOnTheWay, TheWholeBuildDirectoryMayBeReplaced) {
  remove_tree(work() + "/build");
  link("/build");
  EXPECT_EQ(to("/build/file"), "/build");
}

TEST_F(ObstacleOnTheWay, OutsideTheBuildTreeItHasItsNameInTheSandbox) {
  make_directories(work() + "/external/srv");
  link("/external/srv/out");
  EXPECT_EQ(to("/external/srv/out/file"), "/srv/out");
}

TEST_F(ObstacleOnTheWay, ClosedDirectoriesAreOpened) {
  write_file_atomically(work() + "/build/a/b/file", "x");
  ASSERT_EQ(chmod((work() + "/build/a/b").c_str(), 0), 0);
  ASSERT_EQ(chmod((work() + "/build/a").c_str(), 0500), 0);
  EXPECT_EQ(to("/build/a/b/file"), std::nullopt);
  EXPECT_EQ(stat_link(work() + "/build/a")->mode, 0700U);
  EXPECT_EQ(stat_link(work() + "/build/a/b")->mode, 0700U);
}

// Not through a link: the directory that it leads to is none of the step's.
TEST_F(ObstacleOnTheWay, NothingBehindALinkIsOpened) {
  link("/build/out");
  ASSERT_EQ(chmod((outside() + "/b").c_str(), 0500), 0);
  EXPECT_EQ(to("/build/out/b/file"), "/build/out");
  EXPECT_EQ(stat_link(outside() + "/b")->mode, 0500U);
}

}  // namespace
}  // namespace cntr::build
