// SQLite as the cache needs it. The only file that includes sqlite3.h is sqlite.cc.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace cntr::store {

enum class DatabaseTrouble {
  kDamaged,  // no database, a broken one, or tables of another shape
  kNewer,    // written by a newer Cntr
  kBusy,     // others held it for too long
  kOther,    // full disk, denied permission, failing disk
};

// An environment Error that says what kind of trouble it is.
class DatabaseError : public Error {
 public:
  DatabaseError(DatabaseTrouble trouble, const std::string& path, const std::string& what);
  DatabaseTrouble trouble() const { return trouble_; }

 private:
  DatabaseTrouble trouble_;
};

// One use of a prepared statement. Ends the use when it goes out of scope. Must not outlive its
// Database, and one text must not be in use twice at a time.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  // Parameters from left to right. The bytes must live until the last step().
  Statement& bind(int64_t value);
  Statement& bind_text(std::string_view text);
  Statement& bind(const Digest& digest);

  bool step();  // true: there is a row
  void run();   // for statements without rows

  // Columns of the row, from 0; whatever is stored there, they return something.
  int64_t integer(int column) const;
  std::string text(int column) const;
  std::optional<Digest> digest(int column) const;  // nullopt when it is not a blob of 32 bytes

 private:
  friend class Database;
  Statement(const class Database& database, sqlite3_stmt* statement);
  void check(int result) const;

  const Database& database_;
  sqlite3_stmt* statement_;
  int bound_ = 0;
};

// A connection. Not thread-safe. Everything throws DatabaseError; on a closed one always.
class Database {
 public:
  Database();  // closed
  // Opens an existing file; an empty one is an empty database.
  explicit Database(const std::string& path);
  Database(Database&& other) noexcept;
  Database& operator=(Database&& other) noexcept;
  ~Database();

  bool is_open() const;
  // How long to wait for other processes. 10 seconds at first.
  void set_patience(std::chrono::milliseconds patience);

  // The statement is compiled once and kept.
  Statement prepare(std::string_view sql);
  // Statements without parameters; rows are ignored.
  void execute(const std::string& sql);

  bool in_transaction() const;

 private:
  friend class Statement;
  struct State;
  [[noreturn]] void fail(int result) const;
  std::unique_ptr<State> state_;
};

// Commits explicitly, else rolls back. Inside another transaction it is a part of that one.
class Transaction {
 public:
  enum class Kind { kRead, kWrite };
  Transaction(Database& database, Kind kind);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();

  void commit();

 private:
  Database& database_;
  bool is_outermost_;
};

}  // namespace cntr::store
