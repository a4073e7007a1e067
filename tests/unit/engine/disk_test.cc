#include "engine/disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/error.h"
#include "working_directory.h"

namespace cntr::engine {
namespace {

class RealDiskTest : public testing::Test {
 protected:
  Digest content(const std::string& path) const {
    return disk_.content(path, disk_.identity(path.c_str()));
  }

  WorkingDirectory directory_;
  RealDisk disk_;
};

TEST_F(RealDiskTest, WhatIsNotThereHasNoIdentity) {
  EXPECT_EQ(disk_.identity("nowhere"), Identity());
  write_file_atomically("file", "x");
  EXPECT_EQ(disk_.identity("file/below"), Identity());
  EXPECT_EQ(disk_.identity("file/../nowhere/x"), Identity());
  EXPECT_EQ(content("nowhere"), Digest());
}

TEST_F(RealDiskTest, ALoopOfLinksIsAnError) {
  ASSERT_EQ(::symlink("loop", "loop"), 0);
  EXPECT_THROW(disk_.identity("loop"), Error);
}

TEST_F(RealDiskTest, LinksAreFollowed) {
  write_file_atomically("file", "x");
  ASSERT_EQ(::symlink("file", "link"), 0);
  ASSERT_EQ(::symlink("nowhere", "dangling"), 0);
  EXPECT_EQ(disk_.identity("link"), disk_.identity("file"));
  EXPECT_EQ(content("link"), content("file"));
  EXPECT_FALSE(disk_.identity("dangling").exists());
}

TEST_F(RealDiskTest, EachEditGivesANewIdentity) {
  write_file_atomically("file", "one");
  const Identity before = disk_.identity("file");
  EXPECT_TRUE(before.is_regular());
  EXPECT_EQ(before.size, 3u);
  EXPECT_EQ(before.links, 1u);
  write_file_atomically("file", "two");
  EXPECT_FALSE(disk_.identity("file") == before);
}

TEST_F(RealDiskTest, ContentIsBytesAndPermissionToRun) {
  write_file_atomically("a", "x");
  write_file_atomically("b", "x");
  EXPECT_EQ(content("a"), content("b"));
  ASSERT_EQ(::chmod("b", 0755), 0);
  EXPECT_NE(content("a"), content("b"));
  ASSERT_EQ(::chmod("b", 0600), 0);
  EXPECT_EQ(content("a"), content("b"));
  write_file_atomically("empty", "");
  EXPECT_NE(content("empty"), Digest());
}

TEST_F(RealDiskTest, AThinArchiveIsWhatItsMembersHold) {
  make_directories("lib");
  write_file_atomically("one.o", "one");
  write_file_atomically("lib/a.a", "!<thin>\n" + std::string("//") + std::string(46, ' ') +
                                       "18        `\n" + "../one.o/\nlost.o/\n");
  const Digest first = content("lib/a.a");
  write_file_atomically("one.o", "two");
  const Digest second = content("lib/a.a");
  EXPECT_NE(second, first);
  write_file_atomically("lib/lost.o", "found");
  EXPECT_NE(content("lib/a.a"), second);
  remove_tree("lib/lost.o");
  make_directories("lib/lost.o");
  EXPECT_EQ(content("lib/a.a"), second);
  write_file_atomically("one.o", "one");
  EXPECT_EQ(content("lib/a.a"), first);
}

TEST_F(RealDiskTest, ADirectoryIsTheNamesInIt) {
  make_directories("dir");
  const Digest empty = content("dir");
  EXPECT_NE(empty, Digest());
  write_file_atomically("dir/a", "x");
  const Digest with_a = content("dir");
  EXPECT_NE(with_a, empty);
  write_file_atomically("dir/a", "y");
  EXPECT_EQ(content("dir"), with_a);
  for (const std::string own : {".ninja_log", ".ninja_deps", ".cntr_ninja"}) {
    write_file_atomically("dir/" + own, "x");
  }
  EXPECT_EQ(content("dir"), with_a);
  rename_path("dir/a", "dir/b");
  EXPECT_NE(content("dir"), with_a);
}

TEST_F(RealDiskTest, AFifoIsNotRead) {
  ASSERT_EQ(::mkfifo("fifo", 0600), 0);
  EXPECT_NE(content("fifo"), Digest());
}

TEST_F(RealDiskTest, ReadsAndWrites) {
  EXPECT_EQ(disk_.read("file"), std::nullopt);
  disk_.write("file", "one and more");
  disk_.write("file", "two");
  EXPECT_EQ(disk_.read("file"), "two");
  EXPECT_THROW(disk_.write("no/file", ""), Error);
}

TEST_F(RealDiskTest, MakesParents) {
  disk_.make_parents("file");
  disk_.make_parents("/file");
  disk_.make_parents("a/b/c");
  EXPECT_TRUE(exists("a/b"));
  EXPECT_FALSE(exists("a/b/c"));
  remove_tree("a");
  disk_.make_parents("a/b/d");
  EXPECT_TRUE(exists("a/b"));
}

TEST_F(RealDiskTest, Removes) {
  EXPECT_FALSE(disk_.remove("file"));
  write_file_atomically("file", "x");
  EXPECT_FALSE(disk_.remove("file/below"));
  ASSERT_EQ(::symlink("file", "link"), 0);
  EXPECT_TRUE(disk_.remove("link"));
  EXPECT_TRUE(exists("file"));
  EXPECT_TRUE(disk_.remove("file"));
  EXPECT_FALSE(exists("file"));
}

TEST_F(RealDiskTest, ItsTimeIsThatOfItsFiles) {
  const int64_t before = disk_.file_time();
  disk_.write("file", "x");
  const int64_t mtime = disk_.identity("file").mtime;
  EXPECT_GE(mtime, before);
  // Newer kernels give a finer time where it makes a difference: up to a tick ahead.
  constexpr int64_t kTick = 10'000'000;
  EXPECT_LE(mtime, disk_.file_time() + kTick);
}

}  // namespace
}  // namespace cntr::engine
