// The rules of remembering, on a disk and a clock that the test moves.
#include "store/file_digests.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "fixtures.h"
#include "store/cache_database.h"

namespace cntr::store {
namespace {

constexpr int64_t kSecond = FakeClock::kSecond;
constexpr int64_t kMillisecond = kSecond / 1000;

class FakeDisk : public FileReader {
 public:
  struct File {
    std::string bytes;
    FileStat stat;
  };

  // Sets the bytes as a write now would, except where the test then says otherwise.
  File& write(const std::string& path, const std::string& bytes, int64_t now) {
    File& file = files[path];
    file.bytes = bytes;
    if (file.stat.inode == 0) file.stat.inode = ++last_inode;
    file.stat.kind = FileKind::kRegular;
    file.stat.device = 7;
    file.stat.size = bytes.size();
    file.stat.mtime = now;
    file.stat.ctime = now;
    file.stat.mode = 0644;
    return file;
  }

  std::optional<FileStat> stat(const std::string& path) const override {
    const auto found = files.find(path);
    if (found == files.end()) return std::nullopt;
    return found->second.stat;
  }
  Digest digest(const std::string& path) const override {
    const Digest digest = digest_of(files.at(path).bytes);
    if (while_hashing) while_hashing();
    return digest;
  }
  ChangeTimes change_times(const std::string&) const override { return worth; }

  std::map<std::string, File> files;
  std::function<void()> while_hashing;
  ChangeTimes worth = ChangeTimes::kTrue;
  uint64_t last_inode = 100;
};

class FileDigestsTest : public testing::Test {
 protected:
  FileDigestsTest() { restart(); }

  // As the next process sees it: what was learnt is in the database only.
  void restart() {
    if (digests) digests->flush();
    digests = std::make_unique<FileDigests>(
        &database.connection(), disk, clock,
        [this](const Error& error) { troubles.emplace_back(error.what()); });
  }

  Digest digest_at(const std::string& path) {
    const auto content = digests->file(path);
    return content ? content->digest : Digest();
  }

  // Whether a look-up gave the true digest, and how many files it read.
  testing::AssertionResult reads(uint64_t files, const std::string& path) {
    const uint64_t before = digests->hashed_files();
    const Digest digest = digest_at(path);
    if (digest != digest_of(disk.files.at(path).bytes)) {
      return testing::AssertionFailure() << "a stale digest";
    }
    const uint64_t read = digests->hashed_files() - before;
    if (read != files) return testing::AssertionFailure() << read << " files were read";
    return testing::AssertionSuccess();
  }

  int64_t rows() {
    Statement count = database.connection().prepare("SELECT count(*) FROM files");
    count.step();
    return count.integer(0);
  }

  Scratch scratch;
  FakeClock clock;
  FakeDisk disk;
  CacheDatabase database{scratch.path(), Sharing{}, [](const std::string&) {},
                         Journal::kWriteAhead};
  std::vector<std::string> troubles;
  std::unique_ptr<FileDigests> digests;
};

TEST_F(FileDigestsTest, AnUnchangedFileIsReadOnce) {
  disk.write("a", "one", clock.now - 10 * kSecond);
  EXPECT_TRUE(reads(1, "a"));
  EXPECT_TRUE(reads(0, "a"));
  restart();
  EXPECT_TRUE(reads(0, "a"));
}

TEST_F(FileDigestsTest, NothingThereIsNoError) { EXPECT_EQ(digests->file("a"), std::nullopt); }

TEST_F(FileDigestsTest, ContentSaysTheExecutableBitOfNow) {
  disk.write("a", "one", clock.now - 10 * kSecond);
  EXPECT_FALSE(digests->file("a")->executable);
  disk.files["a"].stat.mode = 0755;  // chmod also moves the ctime; not even that is needed here
  EXPECT_TRUE(digests->file("a")->executable);
}

TEST_F(FileDigestsTest, ARewriteInTheSameTickIsNoticed) {
  disk.write("a", "one", clock.now);
  EXPECT_TRUE(reads(1, "a"));
  restart();
  disk.write("a", "two", clock.now);  // equal size, mtime and ctime
  EXPECT_TRUE(reads(1, "a"));
  clock.now += FileDigests::kRacyWindow - 1;
  restart();
  EXPECT_TRUE(reads(1, "a"));
  clock.now += 1;
  EXPECT_TRUE(reads(1, "a"));  // now the window has passed, and what is read can be believed
  EXPECT_TRUE(reads(0, "a"));
  restart();
  EXPECT_TRUE(reads(0, "a"));
}

TEST_F(FileDigestsTest, WhatCannotBeBelievedIsNotWritten) {
  disk.write("a", "one", clock.now - kMillisecond);
  EXPECT_TRUE(reads(1, "a"));
  EXPECT_FALSE(digests->has_news());
  restart();
  EXPECT_EQ(rows(), 0);
}

TEST_F(FileDigestsTest, ARestoredOldMtimeIsNoticed) {
  const int64_t old = clock.now - 100 * kSecond;
  disk.write("a", "one", old);
  EXPECT_TRUE(reads(1, "a"));
  clock.now += 10 * kSecond;
  disk.write("a", "two", clock.now).stat.mtime = old;  // touch -d: the ctime cannot be set
  restart();
  EXPECT_TRUE(reads(1, "a"));
}

TEST_F(FileDigestsTest, AnEditOfEqualSizeIsNoticed) {
  disk.write("a", "one", clock.now - 10 * kSecond);
  EXPECT_TRUE(reads(1, "a"));
  clock.now += 5 * kMillisecond;
  disk.write("a", "two", clock.now);
  restart();
  EXPECT_TRUE(reads(1, "a"));
}

TEST_F(FileDigestsTest, AFutureMtimeIsNoReasonToReadAgain) {
  disk.write("a", "one", clock.now - 10 * kSecond).stat.mtime = clock.now + 1000 * kSecond;
  EXPECT_TRUE(reads(1, "a"));
  restart();
  EXPECT_TRUE(reads(0, "a"));
}

TEST_F(FileDigestsTest, AFutureMtimeDoesNotHideAnEdit) {
  const int64_t future = clock.now + 1000 * kSecond;
  disk.write("a", "one", clock.now - 10 * kSecond).stat.mtime = future;
  EXPECT_TRUE(reads(1, "a"));
  clock.now += 10 * kSecond;
  disk.write("a", "two", clock.now).stat.mtime = future;
  restart();
  EXPECT_TRUE(reads(1, "a"));
}

TEST_F(FileDigestsTest, ARecentChangeUnderAFutureMtimeIsRacy) {
  const int64_t future = clock.now + 1000 * kSecond;
  disk.write("a", "one", clock.now).stat.mtime = future;
  EXPECT_TRUE(reads(1, "a"));
  disk.write("a", "two", clock.now).stat.mtime = future;
  restart();
  EXPECT_TRUE(reads(1, "a"));
}

TEST_F(FileDigestsTest, ARenameOfAnotherFileOverItIsNoticed) {
  const int64_t old = clock.now - 100 * kSecond;
  disk.write("a", "one", old);
  disk.write("b", "two", old);
  EXPECT_TRUE(reads(1, "a"));
  clock.now += 10 * kSecond;
  disk.files["a"] = disk.files["b"];  // cp -p && mv: equal size and mtime, another inode
  disk.files.erase("b");
  restart();
  EXPECT_TRUE(reads(1, "a"));
}

TEST_F(FileDigestsTest, AReusedInodeIsNoticed) {
  const int64_t old = clock.now - 100 * kSecond;
  disk.write("a", "one", old);
  EXPECT_TRUE(reads(1, "a"));
  clock.now += 10 * kSecond;
  disk.write("a", "two", clock.now).stat.mtime = old;
  disk.files["a"].stat.ctime = clock.now - 5 * kSecond;
  restart();
  EXPECT_TRUE(reads(1, "a"));
}

TEST_F(FileDigestsTest, ADigestFromTheFutureIsNotBelieved) {
  disk.write("a", "one", clock.now - 10 * kSecond);
  EXPECT_TRUE(reads(1, "a"));
  clock.now -= 5 * kSecond;  // the clock was set back
  restart();
  EXPECT_TRUE(reads(1, "a"));
  disk.write("a", "two", clock.now);
  EXPECT_TRUE(reads(1, "a"));
}

TEST_F(FileDigestsTest, AnEditWhileTheClockWasSetBackIsNoticed) {
  const int64_t old = clock.now - 1000 * kSecond;
  disk.write("a", "one", old);
  EXPECT_TRUE(reads(1, "a"));
  restart();
  clock.now -= 5000 * kSecond;
  disk.write("a", "two", clock.now).stat.mtime = old;
  clock.now += 6000 * kSecond;
  EXPECT_TRUE(reads(1, "a"));
}

TEST_F(FileDigestsTest, AChangeTimeFromTheFutureIsNotBelieved) {
  disk.write("a", "one", clock.now + 100 * kSecond);
  EXPECT_TRUE(reads(1, "a"));
  restart();
  EXPECT_TRUE(reads(1, "a"));
  clock.now += 103 * kSecond;
  EXPECT_TRUE(reads(1, "a"));
  EXPECT_TRUE(reads(0, "a"));
}

TEST_F(FileDigestsTest, AFileThatChangesWhileItIsReadIsReadAgain) {
  disk.write("a", "one", clock.now - 10 * kSecond);
  int changes = 0;
  disk.while_hashing = [&] {
    if (++changes == 1) disk.write("a", "two!", clock.now - 5 * kSecond);
  };
  EXPECT_EQ(digest_at("a"), digest_of("two!"));
  EXPECT_EQ(digests->hashed_files(), 2U);
  restart();
  EXPECT_TRUE(reads(0, "a"));
}

TEST_F(FileDigestsTest, AFileThatNeverRestsIsNotRemembered) {
  disk.write("a", "0", clock.now - 100 * kSecond);
  int changes = 0;
  disk.while_hashing = [&] {
    ++changes;
    disk.write("a", std::to_string(changes), clock.now - (90 - changes) * kSecond);
  };
  EXPECT_TRUE(digests->file("a").has_value());
  EXPECT_EQ(digests->hashed_files(), 3U);
  EXPECT_FALSE(digests->has_news());
  disk.while_hashing = nullptr;
  EXPECT_TRUE(reads(1, "a"));
}

TEST_F(FileDigestsTest, AFileThatVanishesWhileItIsReadIsNotThere) {
  disk.write("a", "one", clock.now - 10 * kSecond);
  disk.while_hashing = [&] { disk.files.erase("a"); };
  EXPECT_EQ(digests->file("a"), std::nullopt);
}

TEST_F(FileDigestsTest, WholeSecondsOfUnknownFileSystemsAreNotBelieved) {
  disk.worth = ChangeTimes::kUnknown;
  disk.write("squashfs", "one", clock.now - 10 * kSecond);
  disk.write("overlay", "two", clock.now - 10 * kSecond + kMillisecond);
  EXPECT_TRUE(reads(1, "squashfs"));
  EXPECT_TRUE(reads(1, "squashfs"));
  EXPECT_TRUE(reads(1, "overlay"));
  EXPECT_TRUE(reads(0, "overlay"));
}

TEST_F(FileDigestsTest, MadeUpChangeTimesAreNotBelieved) {
  disk.worth = ChangeTimes::kNone;
  disk.write("a", "one", clock.now - 10 * kSecond + kMillisecond);
  EXPECT_TRUE(reads(1, "a"));
  EXPECT_TRUE(reads(1, "a"));
}

TEST_F(FileDigestsTest, AnotherMachinesFilesAreOthers) {
  disk.write("a", "one", clock.now - 10 * kSecond);
  EXPECT_TRUE(reads(1, "a"));
  digests->flush();
  database.connection().execute("UPDATE files SET machine = machine + 1, digest = zeroblob(32)");
  restart();
  EXPECT_TRUE(reads(1, "a"));
  restart();
  EXPECT_EQ(rows(), 2);
}

TEST_F(FileDigestsTest, HostileRowsAreMissesOrReplaced) {
  disk.write("a", "one", clock.now - 10 * kSecond);
  EXPECT_TRUE(reads(1, "a"));
  digests->flush();
  for (const char* const change :
       {"digest = x'00'", "digest = zeroblob(1000000)", "recorded = -9223372036854775807 - 1",
        "recorded = 9223372036854775807", "size = -1",
        "mtime = -9223372036854775807 - 1, ctime = 9223372036854775807"}) {
    database.connection().execute(std::string("UPDATE files SET ") + change);
    restart();
    EXPECT_TRUE(reads(1, "a")) << change;
    restart();
    EXPECT_TRUE(reads(0, "a")) << change;
  }
  database.connection().execute("UPDATE files SET used_day = -9223372036854775807 - 1");
  restart();
  EXPECT_TRUE(reads(0, "a"));
  EXPECT_EQ(rows(), 1);
}

TEST_F(FileDigestsTest, NothingIsWrittenWhenNothingWasLearnt) {
  disk.write("a", "one", clock.now - 10 * kSecond);
  EXPECT_TRUE(reads(1, "a"));
  EXPECT_TRUE(digests->has_news());
  restart();
  EXPECT_TRUE(reads(0, "a"));
  clock.now += 6 * FakeClock::kDay;
  EXPECT_TRUE(reads(0, "a"));
  EXPECT_FALSE(digests->has_news());
}

TEST_F(FileDigestsTest, TheLastUseIsWrittenOnceAWeek) {
  disk.write("a", "one", clock.now - 10 * kSecond);
  EXPECT_TRUE(reads(1, "a"));
  restart();
  clock.now += 7 * FakeClock::kDay;
  EXPECT_TRUE(reads(0, "a"));
  EXPECT_TRUE(digests->has_news());
  restart();
  digests->forget_unused_since(clock.now / FakeClock::kDay);
  EXPECT_EQ(rows(), 1);
  digests->forget_unused_since(clock.now / FakeClock::kDay + 1);
  EXPECT_EQ(rows(), 0);
}

TEST_F(FileDigestsTest, WithoutADatabaseItRemembersForItself) {
  digests = std::make_unique<FileDigests>(nullptr, disk, clock, nullptr);
  disk.write("a", "one", clock.now - 10 * kSecond);
  EXPECT_TRUE(reads(1, "a"));
  EXPECT_TRUE(reads(0, "a"));
  EXPECT_FALSE(digests->has_news());
  digests->flush();
}

TEST_F(FileDigestsTest, ADatabaseThatCannotBeReadIsToldOfOnce) {
  disk.write("a", "one", clock.now - 10 * kSecond);
  disk.write("b", "two", clock.now - 10 * kSecond);
  EXPECT_TRUE(reads(1, "a"));
  restart();
  database.connection().execute("DROP TABLE files");
  EXPECT_TRUE(reads(1, "a"));
  EXPECT_TRUE(reads(1, "b"));
  EXPECT_TRUE(reads(0, "a"));
  EXPECT_EQ(troubles, (std::vector<std::string>{"Cannot use the cache database " + database.path() +
                                                ": no such table: files"}));
  EXPECT_THROW(digests->flush(), DatabaseError);
  EXPECT_FALSE(digests->has_news());
  digests.reset();
}

// --- what others in the process have hashed ------------------------------------------------------

class SharedDigestsTest : public FileDigestsTest {
 protected:
  SharedDigestsTest() {
    digests->share(known);
    disk.write("a", std::string(KnownDigests::kSmallest, 'a'), clock.now - 10 * kSecond);
  }
  void learn(int64_t recorded) {
    const FileStat& stat = disk.files.at("a").stat;
    known.add(stat.device, stat.inode,
              {stat.size, stat.mtime, stat.ctime, recorded, digest_of(disk.files.at("a").bytes)});
  }

  KnownDigests known;
};

TEST_F(SharedDigestsTest, WhatAnotherHasHashedIsNotReadAgain) {
  learn(clock.now);
  EXPECT_TRUE(reads(0, "a"));
  // And later processes need not read it either.
  restart();
  EXPECT_TRUE(reads(0, "a"));
}

TEST_F(SharedDigestsTest, OthersLearnWhatItHashes) {
  EXPECT_TRUE(reads(1, "a"));
  FileDigests other(nullptr, disk, clock, nullptr);
  other.share(known);
  EXPECT_EQ(other.file("a")->digest, digest_of(disk.files.at("a").bytes));
  EXPECT_EQ(other.hashed_files(), 0U);
}

TEST_F(SharedDigestsTest, ADigestOfAYoungFileIsNotBelieved) {
  learn(clock.now - 10 * kSecond + FileDigests::kRacyWindow - 1);
  EXPECT_TRUE(reads(1, "a"));
}

TEST_F(SharedDigestsTest, AFileThatChangedMeanwhileIsRead) {
  learn(clock.now);
  disk.write("a", std::string(KnownDigests::kSmallest, 'b'), clock.now - 5 * kSecond);
  EXPECT_TRUE(reads(1, "a"));
}

TEST_F(SharedDigestsTest, ItsOwnMemoryOfAnOldStateDoesNotHideTheirs) {
  EXPECT_TRUE(reads(1, "a"));
  disk.write("a", std::string(KnownDigests::kSmallest, 'b'), clock.now - 5 * kSecond);
  learn(clock.now);
  EXPECT_TRUE(reads(0, "a"));
}

}  // namespace
}  // namespace cntr::store
