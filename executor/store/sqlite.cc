#include "store/sqlite.h"

#include <sqlite3.h>

#include <cstring>
#include <map>
#include <utility>

#include "base/file_system.h"

namespace cntr::store {
namespace {

constexpr std::chrono::milliseconds kPatience{10'000};

// More than any signature text or tree; bounds what a hostile file can make us allocate.
constexpr int kLargestValue = 64 << 20;

// A log smaller than this is left for the next process: reading it again costs less than the
// two fsyncs of moving it into the database.
constexpr uint64_t kSmallLog = uint64_t{128} << 10;

DatabaseTrouble trouble_of(int result) {
  switch (result & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:  // our own SQL: it fails only on tables of another shape
    case SQLITE_SCHEMA:
      return DatabaseTrouble::kDamaged;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return DatabaseTrouble::kBusy;
    default:
      return DatabaseTrouble::kOther;
  }
}

}  // namespace

DatabaseError::DatabaseError(DatabaseTrouble trouble, const std::string& path,
                             const std::string& what)
    : Error(ErrorKind::kEnvironment, "Cannot use the cache database " + path + ": " + what),
      trouble_(trouble) {}

struct Database::State {
  std::string path;
  sqlite3* connection = nullptr;
  std::map<std::string, sqlite3_stmt*, std::less<>> statements;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  ~State() {
    for (const auto& [sql, statement] : statements) sqlite3_finalize(statement);
    if (connection == nullptr) return;
    if (log_is_small()) {
      sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    }
    sqlite3_close(connection);
  }

  bool log_is_small() const {
    try {
      const auto log = stat_link(path + "-wal");
      return !log || log->size < kSmallLog;
    } catch (const Error&) {
      return false;
    }
  }
};

Statement::Statement(const Database& database, sqlite3_stmt* statement)
    : database_(database), statement_(statement) {}

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_),
      statement_(std::exchange(other.statement_, nullptr)),
      bound_(other.bound_) {}

Statement::~Statement() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

void Statement::check(int result) const {
  if (result != SQLITE_OK) database_.fail(result);
}

Statement& Statement::bind(int64_t value) {
  check(sqlite3_bind_int64(statement_, ++bound_, value));
  return *this;
}

Statement& Statement::bind_text(std::string_view text) {
  const char* const bytes = text.empty() ? "" : text.data();  // a null pointer would bind NULL
  check(sqlite3_bind_text64(statement_, ++bound_, bytes, text.size(), SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind(const Digest& digest) {
  check(sqlite3_bind_blob(statement_, ++bound_, digest.data(), int{Digest::kSize}, SQLITE_STATIC));
  return *this;
}

bool Statement::step() {
  const int result = sqlite3_step(statement_);
  if (result == SQLITE_ROW) return true;
  if (result != SQLITE_DONE) database_.fail(result);
  return false;
}

void Statement::run() {
  while (step()) {
  }
}

int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string Statement::text(int column) const {
  const void* const bytes = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return bytes == nullptr ? "" : std::string(static_cast<const char*>(bytes), size_t(size));
}

std::optional<Digest> Statement::digest(int column) const {
  if (sqlite3_column_type(statement_, column) != SQLITE_BLOB) return std::nullopt;
  const void* const bytes = sqlite3_column_blob(statement_, column);
  if (bytes == nullptr || sqlite3_column_bytes(statement_, column) != int{Digest::kSize}) {
    return std::nullopt;
  }
  Digest digest;
  std::memcpy(digest.data(), bytes, Digest::kSize);
  return digest;
}

Database::Database() = default;
Database::Database(Database&& other) noexcept = default;
Database& Database::operator=(Database&& other) noexcept = default;
Database::~Database() = default;

Database::Database(const std::string& path) : state_(std::make_unique<State>()) {
  state_->path = path;
  const int result =
      sqlite3_open_v2(path.c_str(), &state_->connection,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  if (result != SQLITE_OK) fail(result);
  sqlite3* const connection = state_->connection;
  sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  sqlite3_limit(connection, SQLITE_LIMIT_LENGTH, kLargestValue);
  set_patience(kPatience);
}

bool Database::is_open() const { return state_ != nullptr; }

void Database::set_patience(std::chrono::milliseconds patience) {
  if (state_) sqlite3_busy_timeout(state_->connection, static_cast<int>(patience.count()));
}

void Database::fail(int result) const {
  std::string what = sqlite3_errmsg(state_->connection);
  const int system_error_number = sqlite3_system_errno(state_->connection);
  const int kind = result & 0xff;
  if (system_error_number != 0 && (kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN)) {
    what += std::string(" (") + std::strerror(system_error_number) + ")";
  }
  throw DatabaseError(trouble_of(result), state_->path, what);
}

Statement Database::prepare(std::string_view sql) {
  if (!state_) throw DatabaseError(DatabaseTrouble::kOther, "of this process", "it is closed");
  auto found = state_->statements.find(sql);
  if (found == state_->statements.end()) {
    sqlite3_stmt* statement = nullptr;
    const int result =
        sqlite3_prepare_v3(state_->connection, sql.data(), static_cast<int>(sql.size()),
                           SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (result != SQLITE_OK) fail(result);
    found = state_->statements.emplace(sql, statement).first;
  }
  if (sqlite3_stmt_busy(found->second) != 0) {
    throw internal_error("A statement of the cache database is used twice at a time");
  }
  return Statement(*this, found->second);
}

void Database::execute(const std::string& sql) {
  if (!state_) throw DatabaseError(DatabaseTrouble::kOther, "of this process", "it is closed");
  const int result = sqlite3_exec(state_->connection, sql.c_str(), nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) fail(result);
}

bool Database::in_transaction() const {
  return state_ && sqlite3_get_autocommit(state_->connection) == 0;
}

Transaction::Transaction(Database& database, Kind kind)
    : database_(database), is_outermost_(!database.in_transaction()) {
  if (is_outermost_) {
    database_.prepare(kind == Kind::kWrite ? "BEGIN IMMEDIATE" : "BEGIN").run();
  }
}

Transaction::~Transaction() {
  if (!is_outermost_ || !database_.in_transaction()) return;
  try {
    database_.prepare("ROLLBACK").run();
  } catch (const Error&) {
    // SQLite rolls back itself when the connection closes.
  }
}

void Transaction::commit() {
  if (is_outermost_) database_.prepare("COMMIT").run();
}

}  // namespace cntr::store
