#include "store/sqlite.h"

#include <gtest/gtest.h>

#include "fixtures.h"

namespace cntr::store {
namespace {

class SqliteTest : public testing::Test {
 protected:
  SqliteTest() {
    write(path, "");
    database = Database(path);
    database.execute("CREATE TABLE t(a INTEGER, b TEXT, c BLOB)");
  }

  int64_t rows() {
    Statement count = database.prepare("SELECT count(*) FROM t");
    count.step();
    return count.integer(0);
  }

  Scratch scratch;
  std::string path = scratch / "db";
  Database database;
};

TEST_F(SqliteTest, BindsAndReadsBytesAsTheyAre) {
  const std::string bytes("a\0b\xff", 4);
  database.prepare("INSERT INTO t VALUES(?,?,?)")
      .bind(int64_t{-5})
      .bind_text(bytes)
      .bind(digest_of("x"))
      .run();
  Statement row = database.prepare("SELECT a, b, c FROM t");
  ASSERT_TRUE(row.step());
  EXPECT_EQ(row.integer(0), -5);
  EXPECT_EQ(row.text(1), bytes);
  EXPECT_EQ(row.digest(2), digest_of("x"));
  EXPECT_EQ(row.digest(1), std::nullopt);
  EXPECT_FALSE(row.step());
}

TEST_F(SqliteTest, AnEmptyTextIsNotNull) {
  database.prepare("INSERT INTO t(b) VALUES(?)").bind_text({}).run();
  Statement row = database.prepare("SELECT b IS NULL FROM t");
  ASSERT_TRUE(row.step());
  EXPECT_EQ(row.integer(0), 0);
}

TEST_F(SqliteTest, AStatementStartsAfreshEachTime) {
  for (int64_t i = 0; i < 3; ++i) database.prepare("INSERT INTO t(a) VALUES(?)").bind(i).run();
  EXPECT_EQ(rows(), 3);
  EXPECT_EQ(rows(), 3);
}

TEST_F(SqliteTest, AStatementIsUsedOnceAtATime) {
  database.execute("INSERT INTO t(a) VALUES(1), (2)");
  Statement first = database.prepare("SELECT a FROM t");
  ASSERT_TRUE(first.step());
  EXPECT_THROW(database.prepare("SELECT a FROM t"), Error);
}

TEST_F(SqliteTest, ATransactionIsAllOrNothing) {
  {
    Transaction outer(database, Transaction::Kind::kWrite);
    database.execute("INSERT INTO t(a) VALUES(1)");
    Transaction inner(database, Transaction::Kind::kWrite);
    database.execute("INSERT INTO t(a) VALUES(2)");
    inner.commit();
  }
  EXPECT_EQ(rows(), 0);
  {
    Transaction outer(database, Transaction::Kind::kWrite);
    database.execute("INSERT INTO t(a) VALUES(1)");
    outer.commit();
  }
  EXPECT_EQ(rows(), 1);
}

TEST_F(SqliteTest, SaysThatOthersHoldTheDatabase) {
  Database other(path);
  const Transaction holds(other, Transaction::Kind::kWrite);
  database.set_patience(std::chrono::milliseconds(1));
  try {
    database.execute("INSERT INTO t(a) VALUES(1)");
    FAIL() << "the lock was not respected";
  } catch (const DatabaseError& error) {
    EXPECT_EQ(error.trouble(), DatabaseTrouble::kBusy);
    EXPECT_EQ(error.message(), "Cannot use the cache database " + path + ": database is locked");
  }
}

TEST_F(SqliteTest, AClosedDatabaseSaysSo) {
  database = Database();
  EXPECT_FALSE(database.is_open());
  EXPECT_FALSE(database.in_transaction());
  EXPECT_THROW(database.prepare("SELECT 1"), DatabaseError);
  EXPECT_THROW(database.execute("SELECT 1"), DatabaseError);
}

}  // namespace
}  // namespace cntr::store
