#include "base/file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

namespace cntr {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

class FileSystem : public testing::Test {
 protected:
  std::string at(const std::string& name) const { return directory_.path() + "/" + name; }

  TemporaryDirectory directory_{testing::TempDir(), "fs-"};
};

TEST_F(FileSystem, StatTellsKindAndDoesNotThrowForNothing) {
  write_file_atomically(at("f"), "abc");
  symlink("f", at("l").c_str());
  EXPECT_EQ(stat_file(at("f"))->size, 3U);
  EXPECT_EQ(stat_file(at("l"))->kind, FileKind::kRegular);
  EXPECT_EQ(stat_link(at("l"))->kind, FileKind::kSymlink);
  EXPECT_EQ(stat_file(directory_.path())->kind, FileKind::kDirectory);
  EXPECT_FALSE(stat_file(at("none")));
  EXPECT_FALSE(stat_file(at("f/below")));
}

TEST_F(FileSystem, AtomicWriteLeavesNothingBeside) {
  write_file_atomically(at("f"), "one");
  write_file_atomically(at("f"), "two");
  EXPECT_EQ(read_file(at("f")), "two");
  EXPECT_THAT(list_directory(directory_.path()), ElementsAre("f"));
  EXPECT_THROW(write_file_atomically(at("none/f"), "x"), Error);
}

TEST_F(FileSystem, WriteIfChangedDoesNotTouchEqualBytes) {
  EXPECT_TRUE(write_file_if_changed(at("f"), "one"));
  const auto before = stat_file(at("f"));
  EXPECT_FALSE(write_file_if_changed(at("f"), "one"));
  EXPECT_EQ(stat_file(at("f")), before);
  EXPECT_TRUE(write_file_if_changed(at("f"), "two"));
}

TEST_F(FileSystem, RemoveTreeTakesLinksNotTargetsAndClosedDirectories) {
  make_directories(at("keep"));
  write_file_atomically(at("keep/f"), "x");
  make_directories(at("tree/closed/inner"));
  write_file_atomically(at("tree/closed/inner/f"), "x");
  symlink(at("keep").c_str(), at("tree/link").c_str());
  chmod(at("tree/closed/inner").c_str(), 0500);
  chmod(at("tree/closed").c_str(), 0);
  remove_tree(at("tree"));
  EXPECT_FALSE(stat_link(at("tree")));
  EXPECT_EQ(read_file(at("keep/f")), "x");
  remove_tree(at("tree"));  // nothing there is no error
}

TEST_F(FileSystem, ListTreeNamesEverythingBelow) {
  make_directories(at("a/b"));
  write_file_atomically(at("a/b/f"), "x");
  symlink("a", at("l").c_str());
  EXPECT_THAT(list_tree(directory_.path()), UnorderedElementsAre("a", "a/b", "a/b/f", "l"));
  EXPECT_EQ(list_tree(directory_.path(), 2).size(), 2U);
}

TEST_F(FileSystem, CloneCopiesBytesAndMode) {
  write_file_atomically(at("f"), std::string(3'000'000, 'x'));
  clone_file(at("f"), at("g"), 0755);
  EXPECT_EQ(read_file(at("g")), read_file(at("f")));
  EXPECT_TRUE(stat_file(at("g"))->executable());
  EXPECT_THROW(clone_file(at("f"), at("g"), 0644), Error);
}

TEST_F(FileSystem, MakeDirectoriesSaysWhatIsInTheWay) {
  write_file_atomically(at("f"), "x");
  EXPECT_THROW(make_directories(at("f/below")), Error);
  make_directories(at("a/b/c"));
  make_directories(at("a/b/c"));
}

TEST_F(FileSystem, ALockKeepsAnotherProcessOut) {
  const FileLock lock(at("lock"));
  const pid_t child = fork();
  if (child == 0) _exit(FileLock::try_lock(at("lock")) ? 1 : 0);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(FileSystem, ALockIsFreeWhenItsHolderIsKilled) {
  const pid_t child = fork();
  if (child == 0) {
    const FileLock lock(at("lock"));
    raise(SIGKILL);
  }
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(FileLock::try_lock(at("lock")));
}

TEST(Paths, ParentAndName) {
  EXPECT_EQ(parent_path("a/b"), "a");
  EXPECT_EQ(parent_path("a"), ".");
  EXPECT_EQ(parent_path("/a"), "/");
  EXPECT_EQ(base_name("/a/b"), "b");
  EXPECT_EQ(base_name("b"), "b");
}

TEST(Paths, NormalIsAbsoluteWithoutDots) {
  EXPECT_EQ(normal_path("b/./c//d/..", "/a"), "/a/b/c");
  EXPECT_EQ(normal_path("/b/../../c/", "/a"), "/c");
  EXPECT_EQ(normal_path("", "/a"), "/a");
  EXPECT_EQ(normal_path("..", "/a"), "/");
}

TEST(Paths, BelowStopsAtComponents) {
  EXPECT_EQ(path_below("/a/b", "/a"), "b");
  EXPECT_EQ(path_below("/a", "/a"), "");
  EXPECT_EQ(path_below("/ab", "/a"), std::nullopt);
  EXPECT_EQ(path_below("/a", "/"), "a");
}

}  // namespace
}  // namespace cntr
