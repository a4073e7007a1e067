#include "store/content_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "base/error.h"
#include "fixtures.h"

namespace cntr::store {
namespace {

using testing::ElementsAre;

class ContentStoreTest : public testing::Test {
 protected:
  // As the cache lays it out, so that blob_path() fits.
  ContentStoreTest() { EXPECT_EQ(mkdir(root.c_str(), 0755), 0); }

  std::string blob(const Digest& digest) { return blob_path(scratch.path(), digest); }

  Scratch scratch;
  std::string root = scratch / "v1";
  ContentStore store{root, Sharing{.directory = 0755, .file = 0644}};
  std::string source = scratch / "source";
  std::string target = scratch / "target";
};

TEST_F(ContentStoreTest, AFileComesBackAsItWas) {
  const std::string bytes = std::string(300'000, 'x') + std::string("\0\xff", 2);
  write(source, bytes);
  const Digest digest = store.put_file(source);
  EXPECT_EQ(digest, digest_of(bytes));
  EXPECT_TRUE(store.has(digest));
  EXPECT_TRUE(store.verify(digest));
  EXPECT_EQ(store.get_bytes(digest), bytes);
  EXPECT_EQ(store.get_file(digest, target, false), Fetch::kDone);
  EXPECT_EQ(read_file(target), bytes);
}

TEST_F(ContentStoreTest, ABlobLiesUnderItsDigestAndCannotBeWritten) {
  const Digest digest = store.put_bytes("hello");
  EXPECT_EQ(blob(digest), root +
                              "/blobs/2c/f24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362"
                              "938b9824");
  EXPECT_EQ(read_file(blob(digest)), "hello");
  EXPECT_EQ(stat_file(blob(digest))->mode, 0444U);
  EXPECT_TRUE(list_directory(root + "/tmp").empty());
}

TEST_F(ContentStoreTest, FilesComeBackWithTheUsualPermissions) {
  const Digest digest = store.put_bytes("hello");
  EXPECT_EQ(store.get_file(digest, target, false), Fetch::kDone);
  EXPECT_EQ(stat_file(target)->mode, 0666 & ~file_creation_mask());
  EXPECT_EQ(store.get_file(digest, target + "x", true), Fetch::kDone);
  EXPECT_EQ(stat_file(target + "x")->mode, 0777 & ~file_creation_mask());
}

TEST_F(ContentStoreTest, AnEditOfWhatCameBackLeavesTheBlobAlone) {
  const Digest digest = store.put_bytes("hello");
  ASSERT_EQ(store.get_file(digest, target, false), Fetch::kDone);
  write(target, "edited");
  EXPECT_TRUE(store.verify(digest));
}

TEST_F(ContentStoreTest, AnEmptyFileIsABlobLikeAnyOther) {
  write(source, "");
  const Digest digest = store.put_file(source);
  EXPECT_EQ(store.get_bytes(digest), "");
}

TEST_F(ContentStoreTest, ABlobThatIsThereIsLeftAlone) {
  const Digest digest = store.put_bytes("hello");
  const auto before = stat_file(blob(digest));
  write(source, "hello");
  EXPECT_EQ(store.put_file(source), digest);
  EXPECT_EQ(stat_file(blob(digest)), before);
  EXPECT_TRUE(list_directory(root + "/tmp").empty());
}

TEST_F(ContentStoreTest, ABlobOfTheWrongSizeIsReplaced) {
  const Digest digest = store.put_bytes("hello");
  damage(blob(digest), "");
  EXPECT_EQ(store.put_bytes("hello"), digest);
  EXPECT_EQ(store.get_bytes(digest), "hello");
}

TEST_F(ContentStoreTest, WhatIsMissingIsNoError) {
  const Digest digest = digest_of("never stored");
  EXPECT_FALSE(store.has(digest));
  EXPECT_FALSE(store.verify(digest));
  EXPECT_EQ(store.get_bytes(digest), std::nullopt);
  EXPECT_EQ(store.get_file(digest, target, false), Fetch::kMissing);
  EXPECT_FALSE(exists(target));
  store.remove(digest);
}

TEST_F(ContentStoreTest, ADamagedBlobIsRemovedAndMissing) {
  const Digest digest = store.put_bytes("hello");
  damage(blob(digest), "jello");
  EXPECT_FALSE(store.verify(digest));
  EXPECT_TRUE(store.has(digest));
  EXPECT_EQ(store.get_file(digest, target, false), Fetch::kDamaged);
  EXPECT_FALSE(exists(target));
  EXPECT_FALSE(store.has(digest));

  store.put_bytes("hello");
  damage(blob(digest), "jello");
  EXPECT_EQ(store.get_bytes(digest), std::nullopt);
  EXPECT_FALSE(store.has(digest));
}

TEST_F(ContentStoreTest, AnythingElseUnderABlobsNameIsNotABlob) {
  const Digest digest = store.put_bytes("hello");
  ASSERT_EQ(unlink(blob(digest).c_str()), 0);
  ASSERT_EQ(symlink("/etc/passwd", blob(digest).c_str()), 0);
  EXPECT_FALSE(store.has(digest));
  ASSERT_EQ(unlink(blob(digest).c_str()), 0);
  ASSERT_EQ(mkfifo(blob(digest).c_str(), 0644), 0);
  EXPECT_FALSE(store.has(digest));
  EXPECT_NE(store.get_file(digest, target, false), Fetch::kDone);
}

TEST_F(ContentStoreTest, AnExistingTargetIsAnErrorAndStays) {
  const Digest digest = store.put_bytes("hello");
  write(target, "mine");
  EXPECT_THROW(store.get_file(digest, target, false), Error);
  EXPECT_EQ(read_file(target), "mine");
}

TEST_F(ContentStoreTest, OnlyRegularFilesAreStored) {
  ASSERT_EQ(mkfifo(source.c_str(), 0644), 0);
  try {
    store.put_file(source);
    FAIL() << "a fifo was stored";
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), "Cannot store " + source + ": it is not a regular file");
  }
}

TEST_F(ContentStoreTest, ForEachVisitsBlobsAndNothingElse) {
  const Digest digest = store.put_bytes("hello");
  ASSERT_EQ(mkdir((root + "/blobs/zz").c_str(), 0755), 0);
  write(root + "/blobs/zz/stray", "");
  write(root + "/blobs/2c/stray", "");
  write(root + "/blobs/stray", "");
  std::vector<std::pair<Digest, uint64_t>> seen;
  store.for_each([&](const Digest& found, uint64_t size) { seen.emplace_back(found, size); });
  EXPECT_THAT(seen, ElementsAre(std::pair(digest, uint64_t{5})));
}

TEST_F(ContentStoreTest, DirectoriesThatWereRemovedAreMadeAgain) {
  store.put_bytes("hello");
  remove_tree(root + "/blobs");
  remove_tree(root + "/tmp");
  EXPECT_EQ(store.get_bytes(store.put_bytes("hello")), "hello");
}

TEST_F(ContentStoreTest, ManyThreadsMayStoreTheSame) {
  constexpr int kThreads = 4;
  constexpr int kBlobs = 50;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kBlobs; ++i) {
        const Digest digest = store.put_bytes("blob " + std::to_string(i));
        store.get_file(digest, target + std::to_string(t) + "-" + std::to_string(i), false);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  int blobs = 0;
  store.for_each([&](const Digest& digest, uint64_t) {
    ++blobs;
    EXPECT_TRUE(store.verify(digest));
  });
  EXPECT_EQ(blobs, kBlobs);
  for (int t = 0; t < kThreads; ++t) {
    EXPECT_EQ(read_file(target + std::to_string(t) + "-49"), "blob 49");
  }
}

}  // namespace
}  // namespace cntr::store
