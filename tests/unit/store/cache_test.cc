#include "store/cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "fixtures.h"

namespace cntr::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class CacheTest : public testing::Test {
 protected:
  CacheTest() { open(); }
  void open() {
    cache.reset();
    cache = std::make_unique<Cache>(root, warnings.sink(), clock);
  }

  // A directory with an executable, an empty directory and a symlink.
  std::string make_directory() {
    const std::string directory = scratch / "made";
    EXPECT_EQ(mkdir(directory.c_str(), 0755), 0);
    EXPECT_EQ(mkdir((directory + "/empty").c_str(), 0755), 0);
    write(directory + "/tool", "run");
    EXPECT_EQ(chmod((directory + "/tool").c_str(), 0755), 0);
    write(directory + "/data", "data");
    EXPECT_EQ(symlink("tool", (directory + "/link").c_str()), 0);
    return directory;
  }

  // An action with that directory as its output.
  StoredAction store_directory_action() {
    StoredAction action = store_action(*cache, "a", "bytes", scratch.path());
    const auto tree = cache->store_tree(make_directory());
    action.result.outputs = {{"/build/made", OutputKind::kDirectory, tree->digest(), false}};
    EXPECT_TRUE(cache->add_action(action.record, action.result));
    return action;
  }

  Scratch scratch;
  FakeClock clock;
  Warnings warnings;
  std::string root = scratch / "cache";
  std::unique_ptr<Cache> cache;
};

TEST_F(CacheTest, LaysOutItsDirectory) {
  store_action(*cache, "a", "bytes", scratch.path());
  cache->images_directory();
  EXPECT_EQ(read_file(root + "/CACHEDIR.TAG"),
            "Signature: 8a477f597d28d172789f06886806bc55\n"
            "# This directory is a cache of Cntr. What is in it can be made again.\n"
            "# About this file: https://bford.info/cachedir/\n");
  for (const char* const name : {"/v1/cache.db", "/v1/blobs", "/v1/tmp", "/v1/images"}) {
    EXPECT_TRUE(exists(root + name)) << name;
  }
  EXPECT_EQ(cache->root(), root);
  EXPECT_EQ(cache->scratch_directory(), root + "/v1/tmp");
  EXPECT_EQ(cache->images_directory(), root + "/v1/images");
  EXPECT_EQ(stat_file(root)->mode, 0700U);
  EXPECT_EQ(stat_file(root + "/v1/cache.db")->mode, 0600U);
}

TEST_F(CacheTest, AnActionIsFoundByItsSignature) {
  const StoredAction action = store_action(*cache, "a", "bytes of a", scratch.path());
  EXPECT_EQ(cache->find_action(action.record.signature), action.result);
  EXPECT_EQ(cache->find_action(digest_of("another signature")), std::nullopt);
  open();
  EXPECT_EQ(cache->find_action(action.record.signature), action.result);
  EXPECT_THAT(warnings.sentences, IsEmpty());
}

TEST_F(CacheTest, TheLastWriterOfAnActionWins) {
  StoredAction action = store_action(*cache, "a", "one", scratch.path());
  Cache other(root, warnings.sink(), clock);
  action.result = store_action(other, "a", "two", scratch.path()).result;
  EXPECT_EQ(cache->find_action(action.record.signature), action.result);
}

TEST_F(CacheTest, ARecordKeepsWhatWasSaid) {
  Record record;
  record.signature = digest_of("s");
  record.signature_text = std::string("format 1\nargument \xff\n") + std::string(100'000, 'x');
  record.step = "monthly";
  record.runner = "bubblewrap";
  record.started = 1'700'000'000'123'456'789;
  record.duration_ms = 350;
  record.exit_code = 3;
  EXPECT_TRUE(cache->add_action(record, {}));
  EXPECT_EQ(cache->find_record(record.signature), record);
  EXPECT_EQ(cache->find_record(digest_of("t")), std::nullopt);
  EXPECT_EQ(cache->find_action(record.signature), ActionResult());
}

TEST_F(CacheTest, FactsAreKept) {
  EXPECT_EQ(cache->find_fact("tar abc"), std::nullopt);
  cache->add_fact("tar abc", "tree one");
  cache->add_fact("tar abc", "tree two");
  open();
  EXPECT_EQ(cache->find_fact("tar abc"), "tree two");
}

TEST_F(CacheTest, AFileIsMaterialised) {
  const StoredAction action = store_action(*cache, "a", "bytes of a", scratch.path());
  EXPECT_TRUE(cache->materialise(action.result.outputs[0], scratch / "out"));
  EXPECT_EQ(read_file(scratch / "out"), "bytes of a");
}

TEST_F(CacheTest, ADirectoryIsMaterialised) {
  const StoredAction action = store_directory_action();
  const Output& output = action.result.outputs[0];
  EXPECT_EQ(cache->find_action(action.record.signature), action.result);
  ASSERT_TRUE(cache->materialise(output, scratch / "out"));
  EXPECT_EQ(cache->file_digests().tree(scratch / "out")->digest(), output.digest);
  EXPECT_EQ(cache->find_tree(output.digest)->listing(), "f " + digest_of("data").hex() +
                                                            " data\nd empty\nl tool link\nx " +
                                                            digest_of("run").hex() + " tool\n");
  EXPECT_TRUE(stat_file(scratch / "out/tool")->executable());
}

TEST_F(CacheTest, AMissingBlobIsAMiss) {
  const StoredAction action = store_action(*cache, "a", "bytes of a", scratch.path());
  ASSERT_EQ(unlink(blob_path(root, action.result.outputs[0].digest).c_str()), 0);
  EXPECT_FALSE(cache->materialise(action.result.outputs[0], scratch / "out"));
  EXPECT_FALSE(exists(scratch / "out"));
  EXPECT_EQ(cache->find_action(action.record.signature), std::nullopt);
  EXPECT_EQ(problems_of(*cache), "");  // the action was forgotten
  EXPECT_THAT(warnings.sentences, IsEmpty());
}

TEST_F(CacheTest, AMissingBlobOfATreeIsAMiss) {
  const StoredAction action = store_directory_action();
  ASSERT_EQ(unlink(blob_path(root, digest_of("run")).c_str()), 0);
  EXPECT_FALSE(cache->materialise(action.result.outputs[0], scratch / "out"));
  EXPECT_FALSE(exists(scratch / "out"));
  EXPECT_EQ(cache->find_action(action.record.signature), std::nullopt);
}

TEST_F(CacheTest, ABlobThatIsNoTreeIsAMiss) {
  const StoredAction action = store_action(*cache, "a", "../etc\n", scratch.path());
  Output output = action.result.outputs[0];
  output.kind = OutputKind::kDirectory;
  EXPECT_FALSE(cache->materialise(output, scratch / "out"));
  EXPECT_EQ(cache->find_tree(output.digest), std::nullopt);
}

TEST_F(CacheTest, ADamagedBlobIsAMissAndAWarning) {
  const StoredAction action = store_directory_action();
  damage(blob_path(root, digest_of("run")), "ran");
  damage(blob_path(root, digest_of("bytes")), "stale");
  EXPECT_FALSE(cache->materialise(action.result.outputs[0], scratch / "out"));
  EXPECT_FALSE(exists(scratch / "out"));
  EXPECT_FALSE(cache->materialise({"/build/a", OutputKind::kFile, digest_of("bytes"), false},
                                  scratch / "out"));
  EXPECT_THAT(warnings.sentences, ElementsAre("A blob in the cache at " + root +
                                              " is damaged, so the step that made it runs again: " +
                                              digest_of("run").hex()));
  EXPECT_EQ(cache->find_action(action.record.signature), std::nullopt);
}

TEST_F(CacheTest, AnOutputThatCannotBeWrittenIsAWarning) {
  const StoredAction action = store_directory_action();
  EXPECT_FALSE(cache->materialise(action.result.outputs[0], scratch / "absent/out"));
  EXPECT_THAT(warnings.sentences,
              ElementsAre("Cannot restore a result from the cache at " + root +
                          ", so its step runs: Cannot make the directory " +
                          (scratch / "absent/out") + ": No such file or directory"));
}

TEST_F(CacheTest, WhatCannotBeStoredIsAWarning) {
  EXPECT_EQ(cache->store_file(scratch / "absent"), std::nullopt);
  EXPECT_EQ(cache->store_file(scratch / "absent too"), std::nullopt);
  EXPECT_THAT(
      warnings.sentences,
      ElementsAre("Cannot add to the cache at " + root + ", so steps will run again: Cannot read " +
                  (scratch / "absent") + ": No such file or directory"));
}

TEST_F(CacheTest, AnOutputDirectoryWithAFifoIsAnError) {
  const std::string directory = make_directory();
  ASSERT_EQ(mkfifo((directory + "/pipe").c_str(), 0644), 0);
  EXPECT_THROW(cache->store_tree(directory), Error);
}

TEST_F(CacheTest, AHitWritesNothing) {
  const StoredAction action = store_action(*cache, "a", "bytes of a", scratch.path());
  write(scratch / "input", "input");
  clock.now = system_clock().file_time() + 60 * FakeClock::kSecond;
  for (int i = 0; i < 2; ++i) {  // the first learns a digest and a day
    cache->find_action(action.record.signature);
    cache->file_digests().file(scratch / "input");
    open();
  }
  cache.reset();
  const std::string log_before = read_file(root + "/v1/cache.db-wal");
  const std::string before = read_file(root + "/v1/cache.db");
  open();
  EXPECT_EQ(cache->find_action(action.record.signature), action.result);
  EXPECT_TRUE(cache->file_digests().file(scratch / "input").has_value());
  EXPECT_EQ(cache->file_digests().hashed_files(), 0U);
  cache.reset();
  EXPECT_TRUE(read_file(root + "/v1/cache.db") == before);
  EXPECT_TRUE(read_file(root + "/v1/cache.db-wal") == log_before);
}

TEST_F(CacheTest, ARootThatCannotBeMadeIsACacheThatMisses) {
  write(scratch / "file", "");
  root = scratch / "file/cache";
  open();
  write(scratch / "input", "input");
  EXPECT_EQ(cache->find_action(digest_of("s")), std::nullopt);
  EXPECT_EQ(cache->store_file(scratch / "input"), std::nullopt);
  EXPECT_EQ(cache->store_tree(scratch.path()), std::nullopt);
  EXPECT_FALSE(cache->add_action({}, {}));
  EXPECT_EQ(cache->find_record(digest_of("s")), std::nullopt);
  EXPECT_EQ(cache->find_fact("key"), std::nullopt);
  cache->add_fact("key", "value");
  EXPECT_FALSE(cache->materialise({}, scratch / "out"));
  EXPECT_EQ(cache->file_digests().file(scratch / "input")->digest, digest_of("input"));
  const std::string why = "Cannot make the directory " + (scratch / "file") + ": File exists";
  EXPECT_THAT(warnings.sentences,
              ElementsAre("Cannot use the cache at " + root + ", so every step runs: " + why));
  EXPECT_THROW(cache->scratch_directory(), Error);
  EXPECT_THROW(cache->images_directory(), Error);
  try {
    cache->status();
    FAIL() << "there is no status";
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), "Cannot use the cache at " + root + ": " + why);
  }
  EXPECT_THROW(cache->clear(), Error);
  EXPECT_THROW(cache->verify(), Error);
}

TEST_F(CacheTest, ARootWithoutPermissionIsACacheThatMisses) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  root = scratch / "closed";
  ASSERT_EQ(mkdir(root.c_str(), 0500), 0);
  open();
  EXPECT_EQ(cache->find_action(digest_of("s")), std::nullopt);
  EXPECT_THAT(warnings.sentences, ElementsAre("Cannot use the cache at " + root +
                                              ", so every step runs: Cannot write " + root +
                                              "/CACHEDIR.TAG: Permission denied"));
}

TEST_F(CacheTest, AReadOnlyCacheStillHits) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  const StoredAction action = store_action(*cache, "a", "bytes of a", scratch.path());
  open();
  cache.reset();
  for (const char* const name :
       {"", "/tmp", "/blobs", "/cache.db", "/cache.db-wal", "/cache.db-shm"}) {
    chmod((root + "/v1" + name).c_str(), 0555);
  }
  open();
  write(scratch / "new", "new");
  cache->store_file(scratch / "new");
  EXPECT_EQ(cache->find_action(action.record.signature), action.result);
  EXPECT_THAT(warnings.sentences, ElementsAre("Cannot add to the cache at " + root +
                                              ", so steps will run again: Cannot write " + root +
                                              "/v1/tmp: Permission denied"));
  cache.reset();
  for (const char* const name : {"", "/tmp", "/blobs"}) chmod((root + "/v1" + name).c_str(), 0755);
}

class DefaultRootTest : public testing::Test {
 protected:
  DefaultRootTest() {
    for (const char* const name : {"CNTR_CACHE_DIR", "XDG_CACHE_HOME", "HOME"}) {
      const char* const value = getenv(name);
      if (value != nullptr) saved_.emplace_back(name, value);
      unsetenv(name);
    }
  }
  ~DefaultRootTest() override {
    for (const char* const name : {"CNTR_CACHE_DIR", "XDG_CACHE_HOME", "HOME"}) unsetenv(name);
    for (const auto& [name, value] : saved_) setenv(name.c_str(), value.c_str(), 1);
  }

  std::string error() {
    try {
      return "accepted " + Cache::default_root();
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::kUser);
      return e.what();
    }
  }

 private:
  std::vector<std::pair<std::string, std::string>> saved_;
};

TEST_F(DefaultRootTest, TheNearestVariableDecides) {
  setenv("HOME", "/home/ada", 1);
  EXPECT_EQ(Cache::default_root(), "/home/ada/.cache/cntr");
  setenv("XDG_CACHE_HOME", "/var/cache/ada/", 1);
  EXPECT_EQ(Cache::default_root(), "/var/cache/ada/cntr");
  setenv("CNTR_CACHE_DIR", "/srv/./cntr", 1);
  EXPECT_EQ(Cache::default_root(), "/srv/cntr");
  unsetenv("CNTR_CACHE_DIR");
  setenv("XDG_CACHE_HOME", "", 1);
  EXPECT_EQ(Cache::default_root(), "/home/ada/.cache/cntr");
}

TEST_F(DefaultRootTest, SaysWhatIsWrong) {
  EXPECT_EQ(error(),
            "There is no place for the cache: neither CNTR_CACHE_DIR, XDG_CACHE_HOME nor HOME is "
            "set\n  Set CNTR_CACHE_DIR to the path of a directory.");
  setenv("CNTR_CACHE_DIR", "cache", 1);
  EXPECT_EQ(error(), "CNTR_CACHE_DIR is \"cache\", which is not an absolute path");
  setenv("CNTR_CACHE_DIR", "", 1);
  EXPECT_EQ(error(), "CNTR_CACHE_DIR is empty\n  Set it to the path of a directory, or unset it.");
}

}  // namespace
}  // namespace cntr::store
