// Databases of other versions, damaged ones and hostile ones.
#include "store/cache_database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixtures.h"

namespace cntr::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class CacheDatabaseTest : public testing::Test {
 protected:
  Cache open() { return Cache(root, warnings.sink()); }

  // A cache with one action, closed again.
  StoredAction make_cache() {
    Cache cache = open();
    return store_action(cache, "a", "bytes of a", scratch.path());
  }

  void change(const std::string& sql) { Database(path).execute(sql); }

  std::string aside() const { return "cache.db.damaged-" + std::to_string(getpid()); }
  std::string damaged_warning() const {
    return "The cache database " + path + " is damaged; it was set aside as " + aside() +
           " and a new one is used";
  }

  Scratch scratch;
  Warnings warnings;
  std::string root = scratch / "cache";
  std::string path = root + "/v1/cache.db";
};

TEST_F(CacheDatabaseTest, SaysWhoMadeIt) {
  make_cache();
  Database database(path);
  const auto number = [&](const char* query) {
    Statement row = database.prepare(query);
    row.step();
    return row.integer(0);
  };
  EXPECT_EQ(number("PRAGMA application_id"), 0x436e7472);
  EXPECT_EQ(number("PRAGMA user_version"), CacheDatabase::kVersion);
  Statement mode = database.prepare("PRAGMA journal_mode");
  ASSERT_TRUE(mode.step());
  EXPECT_EQ(mode.text(0), journal_for(scratch.path()) == Journal::kRollback ? "delete" : "wal");
}

TEST_F(CacheDatabaseTest, ANewerOneIsLeftAlone) {
  const StoredAction action = make_cache();
  change("PRAGMA user_version=2");
  {
    Cache cache = open();
    EXPECT_EQ(cache.find_action(action.record.signature), std::nullopt);
    EXPECT_EQ(cache.store_file(scratch / "made-a"), std::nullopt);
    EXPECT_FALSE(cache.add_action(action.record, action.result));
    EXPECT_TRUE(cache.file_digests().file(scratch / "made-a").has_value());
  }
  EXPECT_THAT(warnings.sentences,
              ElementsAre("The cache at " + root +
                          " was made by a newer Cntr; it is not used, so every step runs"));
  change("PRAGMA user_version=1");
  EXPECT_EQ(open().find_action(action.record.signature), action.result);
}

TEST_F(CacheDatabaseTest, AnOlderOneStartsAnew) {
  const StoredAction action = make_cache();
  change(
      "PRAGMA user_version=-1; ALTER TABLE actions DROP COLUMN used_day;"
      "CREATE TABLE \"odd \"\" name\"(x)");
  {
    Cache cache = open();
    EXPECT_EQ(cache.find_action(action.record.signature), std::nullopt);
    EXPECT_TRUE(cache.add_action(action.record, action.result));
    EXPECT_EQ(cache.find_action(action.record.signature), action.result);
  }
  EXPECT_THAT(warnings.sentences, ElementsAre("The cache database " + path +
                                              " was made by an older Cntr; it starts anew"));
  EXPECT_EQ(open().find_action(action.record.signature), action.result);
  EXPECT_EQ(warnings.sentences.size(), 1U);
}

TEST_F(CacheDatabaseTest, AnUnfinishedOneIsFinished) {
  make_cache();
  ASSERT_EQ(unlink(path.c_str()), 0);
  write(path, "");
  EXPECT_EQ(problems_of(*std::make_unique<Cache>(root, warnings.sink())), "");
  ASSERT_EQ(unlink(path.c_str()), 0);
  write(path, "");
  change("PRAGMA journal_mode=WAL");  // what is there when its maker was killed before the tables
  EXPECT_EQ(problems_of(*std::make_unique<Cache>(root, warnings.sink())), "");
  EXPECT_THAT(warnings.sentences, IsEmpty());
}

TEST_F(CacheDatabaseTest, WhatIsNoDatabaseIsSetAside) {
  const StoredAction action = make_cache();
  change("PRAGMA wal_checkpoint(TRUNCATE)");
  damage(path,
         "this is not a database, and it is longer than a header of one hundred bytes is, "
         "so that SQLite has something to look at");
  {
    Cache cache = open();
    EXPECT_EQ(cache.find_action(action.record.signature), std::nullopt);
    EXPECT_TRUE(cache.add_action(action.record, action.result));
  }
  EXPECT_THAT(warnings.sentences, ElementsAre(damaged_warning()));
  EXPECT_EQ(read_file(root + "/v1/" + aside()).substr(0, 7), "this is");
  EXPECT_EQ(open().find_action(action.record.signature), action.result);
}

TEST_F(CacheDatabaseTest, AnotherProgramsDatabaseIsSetAsideWhole) {
  make_cache();
  change("PRAGMA application_id=1");
  open();
  EXPECT_THAT(warnings.sentences, ElementsAre(damaged_warning()));
  Database database(root + "/v1/" + aside());
  Statement row = database.prepare("SELECT count(*) FROM actions");
  ASSERT_TRUE(row.step());
  EXPECT_EQ(row.integer(0), 1);
}

TEST_F(CacheDatabaseTest, DamageInsideIsSetAsideWhenItIsMet) {
  const StoredAction action = make_cache();
  change("PRAGMA wal_checkpoint(TRUNCATE)");
  const std::string whole = read_file(path);
  damage(path, whole.substr(0, 4096) + std::string(whole.size() - 4096, '\x5a'));
  Cache cache = open();
  EXPECT_EQ(cache.find_action(action.record.signature), std::nullopt);
  EXPECT_THAT(warnings.sentences, ElementsAre(damaged_warning()));
  EXPECT_TRUE(cache.add_action(action.record, action.result));
  EXPECT_EQ(cache.find_action(action.record.signature), action.result);
  EXPECT_EQ(problems_of(cache), "");
}

TEST_F(CacheDatabaseTest, DamageMetByAFileLookUpIsSetAsideToo) {
  make_cache();
  change("PRAGMA wal_checkpoint(TRUNCATE)");
  const std::string whole = read_file(path);
  damage(path, whole.substr(0, 4096) + std::string(whole.size() - 4096, '\x5a'));
  ASSERT_EQ(mkdir((scratch / "tree").c_str(), 0755), 0);
  write(scratch / "tree/f", "x");
  Cache cache = open();
  EXPECT_EQ(cache.file_digests().tree(scratch / "tree")->entries.size(), 1U);
  EXPECT_THAT(warnings.sentences, ElementsAre(damaged_warning()));
  EXPECT_EQ(problems_of(cache), "");
}

TEST_F(CacheDatabaseTest, OneThatIsDamagedAgainIsNotReplacedForEver) {
  make_cache();
  Cache cache = open();
  for (int i = 0; i < 3; ++i) {
    change("DROP TABLE IF EXISTS facts");
    cache.find_fact("key");
  }
  EXPECT_THAT(warnings.sentences,
              ElementsAre(damaged_warning(), "Cannot read the cache at " + root +
                                                 ", so steps may run again: Cannot use the cache "
                                                 "database " +
                                                 path + ": no such table: facts"));
}

TEST_F(CacheDatabaseTest, ADatabaseThatBecameNewerIsNotSetAside) {
  make_cache();
  {
    Cache cache = open();
    change("PRAGMA user_version=2; DROP TABLE facts");
    EXPECT_EQ(cache.find_fact("key"), std::nullopt);
  }
  EXPECT_THAT(warnings.sentences,
              ElementsAre("Cannot use the cache at " + root +
                          ", so every step runs: Cannot use the cache database " + path +
                          ": it was made by a newer Cntr"));
  EXPECT_FALSE(exists(root + "/v1/" + aside()));
}

TEST_F(CacheDatabaseTest, OnlyTheDamagedFileIsSetAside) {
  make_cache();
  Cache first = open();
  Cache second = open();
  change("DROP TABLE facts");
  first.add_fact("key", "value");  // sets it aside and goes on
  first.add_fact("key", "value");
  second.find_fact("key");
  EXPECT_EQ(second.find_fact("key"), "value");
  EXPECT_THAT(warnings.sentences, ElementsAre(damaged_warning()));
}

TEST_F(CacheDatabaseTest, SomethingElseAtItsPlaceIsNotTouched) {
  make_cache();
  ASSERT_EQ(unlink(path.c_str()), 0);
  write(scratch / "precious", "mine");
  ASSERT_EQ(symlink((scratch / "precious").c_str(), path.c_str()), 0);
  open();
  EXPECT_THAT(warnings.sentences,
              ElementsAre("Cannot use the cache at " + root + ", so every step runs: Cannot use " +
                          path + ": it is not a regular file"));
  EXPECT_EQ(read_file(scratch / "precious"), "mine");
}

TEST_F(CacheDatabaseTest, HostileRowsAreMisses) {
  const StoredAction action = make_cache();
  change("DROP TABLE actions; CREATE TABLE actions(signature PRIMARY KEY, outputs, used_day)");
  for (const char* const change_of_row :
       {"outputs = ''", "outputs = zeroblob(1000000)", "outputs = 'f x /etc/passwd'",
        "outputs = char(0) || outputs", "outputs = replace(outputs, '/build', '/build/..')",
        "outputs = outputs || outputs"}) {
    SCOPED_TRACE(change_of_row);
    open().add_action(action.record, action.result);
    change(std::string("UPDATE actions SET ") + change_of_row);
    Cache cache = open();
    const auto found = cache.find_action(action.record.signature);
    if (found) {
      EXPECT_TRUE(found->outputs.empty());  // no outputs is a result, too
    }
  }
  change(
      "CREATE TABLE loose AS SELECT * FROM records; DROP TABLE records;"
      "ALTER TABLE loose RENAME TO records;"
      "UPDATE records SET signature_text = x'ff00ff', started = 1e300, exit_code = 'x'");
  EXPECT_EQ(open().find_record(action.record.signature)->exit_code, 0);
  change("UPDATE actions SET signature = x'00'");
  Cache cache = open();
  EXPECT_EQ(problems_of(cache), "The action without a signature cannot be understood\n");
  EXPECT_THAT(warnings.sentences, IsEmpty());
}

std::string journal_mode(Database& database) {
  Statement mode = database.prepare("PRAGMA journal_mode");
  return mode.step() ? mode.text(0) : "";
}

TEST_F(CacheDatabaseTest, ANetworkFileSystemGetsARollbackJournal) {
  {
    CacheDatabase database(scratch.path(), Sharing{}, warnings.sink(), Journal::kRollback);
    EXPECT_EQ(journal_mode(database.connection()), "delete");
    database.connection().execute("INSERT INTO facts VALUES('a', 'b')");
  }
  CacheDatabase again(scratch.path(), Sharing{}, warnings.sink(), Journal::kRollback);
  EXPECT_EQ(journal_mode(again.connection()), "delete");
  EXPECT_FALSE(exists(again.path() + "-wal"));
  EXPECT_THAT(warnings.sentences, IsEmpty());
}

TEST_F(CacheDatabaseTest, ACacheThatMovedToANetworkFileSystemChangesItsJournal) {
  const StoredAction action = make_cache();
  {
    CacheDatabase moved(root + "/v1", Sharing{}, warnings.sink(), Journal::kRollback);
    EXPECT_EQ(journal_mode(moved.connection()), "delete");
  }
  EXPECT_EQ(open().find_action(action.record.signature), action.result);
  EXPECT_THAT(warnings.sentences, IsEmpty());
}

TEST(Journal, LocalFileSystemsHaveAWriteAheadLog) {
  EXPECT_EQ(journal_for("/proc"), Journal::kWriteAhead);
  EXPECT_EQ(journal_for("/dev"), Journal::kWriteAhead);
  EXPECT_EQ(journal_for("/there is no such directory"), Journal::kRollback);
}

}  // namespace
}  // namespace cntr::store
