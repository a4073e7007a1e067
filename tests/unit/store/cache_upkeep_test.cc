// status, clear, verify and the daily upkeep.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "fixtures.h"
#include "store/sqlite.h"

namespace cntr::store {
namespace {

class CacheUpkeepTest : public testing::Test {
 protected:
  CacheUpkeepTest() { open(); }
  void open() {
    cache.reset();
    cache = std::make_unique<Cache>(root, warnings.sink(), clock);
  }
  int64_t number(const std::string& query) {
    Database database(root + "/v1/cache.db");
    Statement row = database.prepare(query);
    return row.step() ? row.integer(0) : -1;
  }
  std::string make_image(const std::string& name) {
    const std::string image = cache->images_directory() + "/" + name;
    EXPECT_EQ(mkdir(image.c_str(), 0755), 0);
    EXPECT_EQ(mkdir((image + "/rootfs").c_str(), 0755), 0);
    write(image + "/rootfs/busybox", "1234567");
    EXPECT_EQ(symlink("busybox", (image + "/rootfs/sh").c_str()), 0);
    write(image + ".lock", "");
    return image;
  }

  Scratch scratch;
  FakeClock clock;
  Warnings warnings;
  std::string root = scratch / "cache";
  std::unique_ptr<Cache> cache;
};

TEST_F(CacheUpkeepTest, StatusCounts) {
  store_action(*cache, "a", "12345", scratch.path());
  store_action(*cache, "b", "12345", scratch.path());
  store_action(*cache, "c", "123", scratch.path());
  make_image("aa");
  make_image("bb");
  const CacheStatus status = cache->status();
  EXPECT_EQ(status.root, root);
  EXPECT_EQ(status.blobs, 2U);
  EXPECT_EQ(status.blob_bytes, 8U);
  EXPECT_EQ(status.actions, 3U);
  EXPECT_EQ(status.images, 2U);
  EXPECT_EQ(status.image_bytes, 14U);
}

TEST_F(CacheUpkeepTest, AnEmptyCacheIsSoundAndEmpty) {
  EXPECT_EQ(problems_of(*cache), "");
  EXPECT_EQ(cache->status().blobs, 0U);
  cache->clear();
  EXPECT_EQ(problems_of(*cache), "");
}

TEST_F(CacheUpkeepTest, ClearLeavesNothing) {
  const StoredAction action = store_action(*cache, "a", "12345", scratch.path());
  cache->add_fact("key", "value");
  make_image("aa");
  write(root + "/v1/cache.db.damaged-1", "");
  cache->clear();
  EXPECT_EQ(cache->find_action(action.record.signature), std::nullopt);
  EXPECT_EQ(cache->find_record(action.record.signature), std::nullopt);
  EXPECT_EQ(cache->find_fact("key"), std::nullopt);
  const CacheStatus status = cache->status();
  EXPECT_EQ(status.blobs + status.actions + status.images, 0U);
  EXPECT_FALSE(exists(root + "/v1/cache.db.damaged-1"));
  EXPECT_TRUE(list_directory(root + "/v1/tmp").empty());
  store_action(*cache, "a", "12345", scratch.path());
  EXPECT_EQ(cache->find_action(action.record.signature), action.result);
}

TEST_F(CacheUpkeepTest, ClearLeavesImagesThatAreInUse) {
  const std::string used = make_image("aa");
  const std::string idle = make_image("bb");
  {
    const UniqueFd lock(::open((used + ".lock").c_str(), O_RDWR | O_CLOEXEC));
    ASSERT_EQ(flock(lock.get(), LOCK_SH), 0);
    cache->clear();
    EXPECT_TRUE(exists(used + "/rootfs/busybox"));
    EXPECT_FALSE(exists(idle));
  }
  cache->clear();
  EXPECT_FALSE(exists(used));
}

TEST_F(CacheUpkeepTest, ClearLeavesWhatIsBeingWritten) {
  const std::string writing = cache->scratch_directory() + "/image-aa.abc";
  write(writing, "half");
  clock.now = system_clock().file_time() + FakeClock::kDay - 60 * FakeClock::kSecond;
  cache->clear();
  EXPECT_TRUE(exists(writing));
  clock.now += 120 * FakeClock::kSecond;  // a day old: whoever wrote it was killed
  cache->clear();
  EXPECT_FALSE(exists(writing));
}

TEST_F(CacheUpkeepTest, ClearSaysWhatItCouldNotRemove) {
  if (geteuid() == 0) GTEST_SKIP() << "root can remove everything";
  const StoredAction action = store_action(*cache, "a", "12345", scratch.path());
  const std::string blob = blob_path(root, action.result.outputs[0].digest);
  ASSERT_EQ(chmod(parent_path(blob).c_str(), 0555), 0);
  try {
    cache->clear();
    FAIL() << "nothing was said";
  } catch (const Error& error) {
    EXPECT_EQ(error.what(),
              "1 entry of the cache at " + root + " could not be removed: Cannot remove " + blob +
                  ": Permission denied\n  In a cache that several users share, each may have to "
                  "remove what is theirs.");
  }
  ASSERT_EQ(chmod(parent_path(blob).c_str(), 0755), 0);
  EXPECT_EQ(cache->find_action(action.record.signature), std::nullopt);
}

TEST_F(CacheUpkeepTest, VerifyFindsWhatIsWrong) {
  const StoredAction a = store_action(*cache, "a", "bytes of a", scratch.path());
  const StoredAction b = store_action(*cache, "b", "bytes of b", scratch.path());
  StoredAction c = store_action(*cache, "c", "bytes of c", scratch.path());
  ASSERT_EQ(mkdir((scratch / "tree").c_str(), 0755), 0);
  write(scratch / "tree/f 1", "in the tree");
  c.result.outputs = {
      {"/build/c", OutputKind::kDirectory, cache->store_tree(scratch / "tree")->digest(), false}};
  ASSERT_TRUE(cache->add_action(c.record, c.result));
  EXPECT_EQ(problems_of(*cache), "");

  damage(blob_path(root, a.result.outputs[0].digest), "other bytes");
  ASSERT_EQ(unlink(blob_path(root, b.result.outputs[0].digest).c_str()), 0);
  ASSERT_EQ(unlink(blob_path(root, digest_of("in the tree")).c_str()), 0);
  std::vector<std::string> found;
  for (const CacheProblem& problem : cache->verify()) found.push_back(problem.what);
  std::vector<std::string> expected = {
      "The blob " + digest_of("bytes of a").hex() + " is damaged",
      "The action " + b.record.signature.hex() + " lacks the blob " +
          digest_of("bytes of b").hex() + " of \"/build/b\"",
      "The action " + c.record.signature.hex() + " lacks the blob " +
          digest_of("in the tree").hex() + " of \"/build/c/f 1\""};
  std::sort(found.begin(), found.end());
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(found, expected);
}

TEST_F(CacheUpkeepTest, VerifyLooksIntoTheDatabase) {
  for (int i = 0; i < 200; ++i) {
    store_action(*cache, std::to_string(i), std::to_string(i), scratch.path());
  }
  cache.reset();
  const std::string path = root + "/v1/cache.db";
  Database(path).execute("PRAGMA wal_checkpoint(TRUNCATE)");
  std::string bytes = read_file(path);
  for (size_t i = bytes.size() - 4096 + 8; i < bytes.size(); ++i) bytes[i] = '\x7f';
  damage(path, bytes);
  open();
  EXPECT_NE(problems_of(*cache), "");
}

TEST_F(CacheUpkeepTest, TheLastUseOfAnActionIsWrittenOnceADay) {
  const StoredAction action = store_action(*cache, "a", "bytes", scratch.path());
  const auto used_day = [&] { return number("SELECT used_day FROM actions"); };
  EXPECT_EQ(used_day(), 20'000);
  clock.now += 3 * FakeClock::kDay;
  cache->find_action(action.record.signature);
  EXPECT_EQ(used_day(), 20'000);
  open();  // written at the end of the process
  EXPECT_EQ(used_day(), 20'003);
}

TEST_F(CacheUpkeepTest, DigestsOfFilesThatNobodyUsesAreForgotten) {
  const StoredAction action = store_action(*cache, "a", "bytes", scratch.path());
  write(scratch / "kept", "kept");
  write(scratch / "left", "left");
  clock.now = system_clock().file_time() + 60 * FakeClock::kSecond;
  cache->file_digests().file(scratch / "kept");
  cache->file_digests().file(scratch / "left");
  open();
  const auto rows = [&] { return number("SELECT count(*) FROM files"); };
  EXPECT_EQ(rows(), 2);
  for (int week = 1; week <= 5; ++week) {
    clock.now += 7 * FakeClock::kDay;
    cache->file_digests().file(scratch / "kept");
    open();
    EXPECT_EQ(rows(), 2) << week;
  }
  clock.now += 3 * FakeClock::kDay;
  cache->find_action(action.record.signature);  // something to write, so the upkeep has its day
  open();
  EXPECT_EQ(rows(), 1);
}

TEST_F(CacheUpkeepTest, LeftoversOfKilledProcessesAreRemovedOnceADay) {
  const StoredAction action = store_action(*cache, "a", "bytes", scratch.path());
  const std::string leftover = cache->scratch_directory() + "/blob-abc";
  write(leftover, "half");
  clock.now = system_clock().file_time() + 2 * FakeClock::kDay;
  cache->find_action(action.record.signature);
  open();
  EXPECT_FALSE(exists(leftover));
}

}  // namespace
}  // namespace cntr::store
