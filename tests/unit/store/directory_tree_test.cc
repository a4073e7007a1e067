// Trees of real directories.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "fixtures.h"
#include "store/cache_database.h"
#include "store/file_digests.h"

namespace cntr::store {
namespace {

class DirectoryTreeTest : public testing::Test {
 protected:
  DirectoryTreeTest() {
    EXPECT_EQ(mkdir(root.c_str(), 0755), 0);
    // As if the files had been written a minute ago.
    clock.now = system_clock().file_time() + 60 * FakeClock::kSecond;
  }

  std::string error_at(const std::string& path) {
    try {
      digests.tree(path);
    } catch (const Error& error) {
      return error.what();
    }
    return "none";
  }

  void make(const std::string& name, const std::string& bytes, mode_t mode = 0644) {
    write(root + "/" + name, bytes);
    ASSERT_EQ(chmod((root + "/" + name).c_str(), mode), 0);
  }

  Scratch scratch;
  FakeClock clock;
  std::string root = scratch / "tree";
  CacheDatabase database{scratch.path(), Sharing{}, [](const std::string&) {},
                         Journal::kWriteAhead};
  FileDigests digests{&database.connection(), disk_reader(), clock, nullptr};
};

TEST_F(DirectoryTreeTest, HoldsNamesKindsBitsTargetsAndEmptyDirectories) {
  ASSERT_EQ(mkdir((root + "/bin").c_str(), 0755), 0);
  ASSERT_EQ(mkdir((root + "/empty").c_str(), 0700), 0);
  make("bin-data", "a");
  make("bin/tool", "b", 0710);
  make(".hidden \xff\n", "a");
  ASSERT_EQ(symlink("/nowhere at all", (root + "/bin/link").c_str()), 0);
  EXPECT_EQ(digests.tree(root)->listing(),
            "f " + digest_of("a").hex() + " .hidden%20%FF%0A\nd bin\nf " + digest_of("a").hex() +
                " bin-data\nl /nowhere%20at%20all bin/link\nx " + digest_of("b").hex() +
                " bin/tool\nd empty\n");
}

TEST_F(DirectoryTreeTest, AnUnchangedTreeIsReadOnce) {
  for (int i = 0; i < 20; ++i) make("file" + std::to_string(i), std::to_string(i));
  const auto first = digests.tree(root);
  EXPECT_EQ(digests.hashed_files(), 20U);
  digests.flush();
  FileDigests next(&database.connection(), disk_reader(), clock, nullptr);
  EXPECT_EQ(next.tree(root), first);
  EXPECT_EQ(next.hashed_files(), 0U);
  make("file7", "x");
  set_mtime(root + "/file7", 1);
  // The fake clock is a minute ahead, so a change of now has settled already.
  EXPECT_NE(next.tree(root), first);
  EXPECT_EQ(next.hashed_files(), 1U);
}

TEST_F(DirectoryTreeTest, ASymlinkToADirectoryIsThatDirectory) {
  make("a", "a");
  const std::string link = scratch / "link";
  ASSERT_EQ(symlink("tree", link.c_str()), 0);
  EXPECT_EQ(digests.tree(link), digests.tree(root));
}

TEST_F(DirectoryTreeTest, ASymlinkInsideIsAnEntryAlsoWhenItLoops) {
  ASSERT_EQ(symlink(".", (root + "/loop").c_str()), 0);
  EXPECT_EQ(digests.tree(root)->listing(), "l . loop\n");
}

TEST_F(DirectoryTreeTest, NothingThereIsNoError) {
  EXPECT_EQ(digests.tree(root + "/absent"), std::nullopt);
  EXPECT_EQ(digests.tree(root)->entries.size(), 0U);
}

TEST_F(DirectoryTreeTest, SaysWhatCannotBeInATree) {
  make("a", "a");
  EXPECT_EQ(error_at(root + "/a"), "Cannot read " + root + "/a: it is not a directory");
  ASSERT_EQ(mkfifo((root + "/pipe").c_str(), 0644), 0);
  EXPECT_EQ(error_at(root),
            "Cannot read " + root +
                "/pipe: it is a socket, a fifo or a device\n  A directory of inputs "
                "or outputs may hold files, directories and symbolic links.");
  EXPECT_EQ(digests.tree(root, SpecialFiles::kSkip)->listing(),
            "f " + digest_of("a").hex() + " a\n");
}

TEST_F(DirectoryTreeTest, SaysWhatCannotBeRead) {
  if (geteuid() == 0) GTEST_SKIP() << "root can read everything";
  make("secret", "a", 0000);
  EXPECT_EQ(error_at(root), "Cannot read " + root + "/secret: Permission denied");
  ASSERT_EQ(unlink((root + "/secret").c_str()), 0);
  ASSERT_EQ(mkdir((root + "/closed").c_str(), 0000), 0);
  EXPECT_EQ(error_at(root), "Cannot read the directory " + root + "/closed: Permission denied");
}

TEST_F(DirectoryTreeTest, DeepTreesNeedFewDescriptors) {
  std::string path = root;
  for (int i = 0; i < 500; ++i) {
    path += "/d";
    ASSERT_EQ(mkdir(path.c_str(), 0755), 0);
  }
  write(path + "/f", "x");
  EXPECT_EQ(digests.tree(root)->entries.size(), 501U);
}

TEST_F(DirectoryTreeTest, AFileIsRefusedByItsKind) {
  try {
    digests.file(root);
    FAIL() << "a directory was taken for a file";
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), "Cannot read " + root + ": it is not a regular file");
  }
}

}  // namespace
}  // namespace cntr::store
