// One cache for several users.
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "fixtures.h"

namespace cntr::store {
namespace {

constexpr gid_t kTeam = 54'321;
constexpr uid_t kAda = 54'322;
constexpr uid_t kBob = 54'323;

class SharedCacheTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "only root can become several users";
    ASSERT_EQ(chmod(scratch.path().c_str(), 0777), 0);
    ASSERT_EQ(mkdir(root.c_str(), 0755), 0);
  }

  void share(mode_t mode) {
    ASSERT_EQ(chown(root.c_str(), 0, kTeam), 0);
    ASSERT_EQ(chmod(root.c_str(), mode), 0);
  }

  // Runs `work` as the user, whose umask keeps everything private; what it returns and what the
  // cache warned of.
  std::string as(uid_t user, const std::function<std::string(Cache&)>& work) {
    const std::string answer = scratch / ("answer" + std::to_string(user));
    const pid_t process = start_process([&] {
      umask(077);
      if (user != 0) {
        const gid_t team = kTeam;
        if (setgroups(1, &team) != 0 || setgid(user) != 0 || setuid(user) != 0) return 1;
      }
      Warnings warnings;
      std::string out;
      {
        Cache cache(root, warnings.sink());
        out = work(cache);
      }
      write(answer, out + join(warnings.sentences, "\n"));
      return 0;
    });
    EXPECT_EQ(wait_for(process), 0);
    return read_file(answer);
  }

  // Stores an action of the user's own, and looks for those of others.
  std::string work_of(uid_t user, const std::vector<std::string>& others) {
    return as(user, [&](Cache& cache) {
      const std::string own = scratch / ("of" + std::to_string(user));
      mkdir(own.c_str(), 0700);
      store_action(cache, std::to_string(user), "bytes of " + std::to_string(user), own);
      std::string out;
      for (const std::string& other : others) {
        const auto found = cache.find_action(digest_of("signature of " + other));
        if (!found) {
          out += "no action of " + other + "\n";
        } else if (!cache.materialise(found->outputs[0], own + "/out" + other) ||
                   read_file(own + "/out" + other) != "bytes of " + other) {
          out += "not the bytes of " + other + "\n";
        }
      }
      return out + problems_of(cache);
    });
  }

  mode_t mode_of(const std::string& name) {
    const auto info = stat_link(root + "/v1" + name);
    return info ? info->mode : 0;
  }

  Scratch scratch;
  std::string root = scratch / "cache";
  const std::string ada = std::to_string(kAda);
  const std::string bob = std::to_string(kBob);
};

TEST_F(SharedCacheTest, ADirectoryForEverybodyServesRootAndOthers) {
  share(01777);
  EXPECT_EQ(work_of(0, {}), "");
  EXPECT_EQ(work_of(kAda, {"0"}), "");
  EXPECT_EQ(work_of(kBob, {"0", ada}), "");
  EXPECT_EQ(work_of(0, {ada, bob}), "");
  EXPECT_EQ(mode_of(""), 0777U);
  EXPECT_EQ(mode_of("/blobs"), 01777U);
  EXPECT_EQ(mode_of("/tmp"), 01777U);
  EXPECT_EQ(mode_of("/cache.db"), 0666U);
  EXPECT_EQ(mode_of("/cache.db-wal"), 0666U);
  EXPECT_EQ(mode_of("/cache.db-shm"), 0666U);
}

TEST_F(SharedCacheTest, ADirectoryForEverybodyMayBeMadeByAnybody) {
  share(01777);
  EXPECT_EQ(work_of(kAda, {}), "");
  EXPECT_EQ(work_of(0, {ada}), "");
  EXPECT_EQ(work_of(kBob, {ada, "0"}), "");
}

TEST_F(SharedCacheTest, ADirectoryOfAGroupServesTheGroup) {
  share(02775);
  EXPECT_EQ(work_of(kAda, {}), "");
  EXPECT_EQ(work_of(kBob, {ada}), "");
  EXPECT_EQ(work_of(kAda, {bob}), "");
  EXPECT_EQ(mode_of(""), 02775U);
  EXPECT_EQ(mode_of("/blobs"), 02775U);
  EXPECT_EQ(mode_of("/cache.db"), 0664U);
  EXPECT_EQ(mode_of("/cache.db-wal"), 0664U);
  EXPECT_EQ(stat_link(root + "/v1/cache.db")->uid, kAda);
}

TEST_F(SharedCacheTest, AGroupMemberMayClearIt) {
  share(02775);
  EXPECT_EQ(work_of(kAda, {}), "");
  EXPECT_EQ(as(kBob,
               [](Cache& cache) {
                 cache.clear();
                 return std::to_string(cache.status().blobs) + " blobs";
               }),
            "0 blobs");
}

TEST_F(SharedCacheTest, InAStickyDirectoryEachClearsTheirOwn) {
  share(01777);
  EXPECT_EQ(work_of(kAda, {}), "");
  EXPECT_EQ(work_of(kBob, {ada}), "");
  const Digest digest = digest_of("bytes of " + ada);
  EXPECT_EQ(as(kBob,
               [](Cache& cache) -> std::string {
                 try {
                   cache.clear();
                   return "cleared";
                 } catch (const Error& error) {
                   return error.what();
                 }
               }),
            "1 entry of the cache at " + root + " could not be removed: Cannot remove " +
                blob_path(root, digest) +
                ": Operation not permitted\n  In a cache that several users share, each may have "
                "to remove what is theirs.");
  EXPECT_EQ(work_of(kBob, {}), "");
}

TEST_F(SharedCacheTest, APrivateCacheIsRefusedToOthers) {
  share(0700);
  EXPECT_EQ(work_of(0, {}), "");
  EXPECT_EQ(as(kAda, [](Cache&) { return std::string(); }),
            "Cannot use the cache at " + root + ", so every step runs: Cannot look at " + root +
                "/v1: Permission denied");
}

TEST_F(SharedCacheTest, AnotherUsersDamagedBlobIsAMissEachTime) {
  share(01777);
  EXPECT_EQ(work_of(kAda, {}), "");
  damage(blob_path(root, digest_of("bytes of " + ada)), "other of " + ada);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(work_of(kBob, {ada}), "not the bytes of " + ada + "\nThe blob " +
                                        digest_of("bytes of " + ada).hex() +
                                        " is damaged\nA blob in the cache at " + root +
                                        " is damaged, so the step that made it runs again: " +
                                        digest_of("bytes of " + ada).hex());
  }
}

}  // namespace
}  // namespace cntr::store
