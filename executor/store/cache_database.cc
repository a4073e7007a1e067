#include "store/cache_database.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/file_system.h"

namespace cntr::store {
namespace {

constexpr int64_t kApplicationId = 0x436e7472;  // "Cntr"

constexpr const char* kTables = R"(
CREATE TABLE files(
  machine INTEGER NOT NULL, device INTEGER NOT NULL, inode INTEGER NOT NULL,
  size INTEGER NOT NULL, mtime INTEGER NOT NULL, ctime INTEGER NOT NULL,
  recorded INTEGER NOT NULL, used_day INTEGER NOT NULL, digest BLOB NOT NULL,
  PRIMARY KEY(machine, device, inode)) STRICT, WITHOUT ROWID;
CREATE TABLE actions(
  signature BLOB PRIMARY KEY NOT NULL, outputs TEXT NOT NULL,
  used_day INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE records(
  signature BLOB PRIMARY KEY NOT NULL, signature_text TEXT NOT NULL, step TEXT NOT NULL,
  runner TEXT NOT NULL, started INTEGER NOT NULL, duration_ms INTEGER NOT NULL,
  exit_code INTEGER NOT NULL) STRICT;
CREATE TABLE facts(key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE upkeep(only_row INTEGER PRIMARY KEY CHECK(only_row = 0), day INTEGER NOT NULL) STRICT;
INSERT INTO upkeep VALUES(0, 0);
)";

// Held shared while a process opens the database, exclusively while one makes it or sets it aside:
// SQLite finds its log and its shared memory by name, so a file must not be exchanged in between.
class DirectoryLock {
 public:
  DirectoryLock(const std::string& path, int operation)
      : fd_(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (!fd_.valid()) throw system_error("Cannot open the directory " + path, errno);
    while (flock(fd_.get(), operation) != 0) {
      if (errno != EINTR) throw system_error("Cannot lock " + path, errno);
    }
  }

 private:
  UniqueFd fd_;
};

int64_t number_of(Database& database, const char* query) {
  Statement statement = database.prepare(query);
  return statement.step() ? statement.integer(0) : 0;
}

std::string sql_name(const std::string& name) {
  std::string out = "\"";
  for (const char c : name) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

}  // namespace

CacheDatabase::CacheDatabase(std::string directory, const Sharing& sharing, WarningSink warn,
                             Journal journal)
    : directory_(std::move(directory)),
      sharing_(sharing),
      warn_(std::move(warn)),
      journal_(journal) {
  {
    const DirectoryLock lock(directory_, LOCK_SH);
    if (open_current()) return;
  }
  const DirectoryLock lock(directory_, LOCK_EX);
  open_or_make();
}

void CacheDatabase::recover() {
  connection_ = Database();
  const DirectoryLock lock(directory_, LOCK_EX);
  const auto info = stat_link(path());
  if (info && info->inode == inode_) {
    bool is_newer = false;
    try {
      Database database(path());
      is_newer = number_of(database, "PRAGMA user_version") > kVersion;
    } catch (const DatabaseError&) {
      // As damaged as was said.
    }
    if (!is_newer) set_aside();
  }
  open_or_make();
}

// False when there is none, or something has to be done to it first.
bool CacheDatabase::open_current() {
  const auto info = stat_link(path());
  if (!info || info->size == 0) return false;
  if (info->kind != FileKind::kRegular) {
    throw environment_error("Cannot use " + path() + ": it is not a regular file");
  }
  try {
    connection_ = Database(path());
    inode_ = info->inode;
    if (journal_ == Journal::kRollback) connection_.execute("PRAGMA journal_mode=DELETE");
    connection_.execute("PRAGMA synchronous=NORMAL");
    if (number_of(connection_, "PRAGMA application_id") == kApplicationId &&
        number_of(connection_, "PRAGMA user_version") == kVersion) {
      return true;
    }
  } catch (const DatabaseError& error) {
    if (error.trouble() != DatabaseTrouble::kDamaged) throw;
  }
  connection_ = Database();
  return false;
}

// Under the exclusive lock.
void CacheDatabase::open_or_make() {
  if (open_current()) return;
  const auto info = stat_link(path());
  if (!info || info->size == 0) return make();
  try {
    if (is_ours_to_make()) return make();
  } catch (const DatabaseError& error) {
    if (error.trouble() != DatabaseTrouble::kDamaged) throw;
  }
  connection_ = Database();
  set_aside();
  make();
}

// Whether the file is a cache database of an older version, or one that was never finished.
bool CacheDatabase::is_ours_to_make() {
  connection_ = Database(path());
  if (number_of(connection_, "SELECT count(*) FROM sqlite_schema") == 0) return true;
  if (number_of(connection_, "PRAGMA application_id") != kApplicationId) return false;
  if (number_of(connection_, "PRAGMA user_version") > kVersion) {
    connection_ = Database();
    throw DatabaseError(DatabaseTrouble::kNewer, path(), "it was made by a newer Cntr");
  }
  warn_("The cache database " + path() + " was made by an older Cntr; it starts anew");
  return true;
}

// Makes the tables in what lies at path(): nothing, an empty file or the tables of an older
// version. An existing file is never opened but by SQLite: closing such a descriptor would drop the
// locks that SQLite holds for this process (fcntl(2), "Advisory record locking").
void CacheDatabase::make() {
  connection_ = Database();
  {
    const UniqueFd made(open(path().c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!made.valid() && errno != EEXIST) throw system_error("Cannot make " + path(), errno);
  }
  const auto info = stat_link(path());
  if (!info) throw system_error("Cannot make " + path(), ENOENT);
  if (info->size == 0 && info->mode != sharing_.file && chmod(path().c_str(), sharing_.file) != 0) {
    throw system_error("Cannot set the permissions of " + path(), errno);
  }
  inode_ = info->inode;
  connection_ = Database(path());
  connection_.execute(journal_ == Journal::kRollback ? "PRAGMA journal_mode=DELETE"
                                                     : "PRAGMA journal_mode=WAL");
  connection_.execute("PRAGMA synchronous=NORMAL");
  make_tables();
}

void CacheDatabase::make_tables() {
  Transaction transaction(connection_, Transaction::Kind::kWrite);
  std::vector<std::string> old_tables;
  {
    Statement tables = connection_.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' "
        "ESCAPE '!'");
    while (tables.step()) old_tables.push_back(tables.text(0));
  }
  for (const std::string& table : old_tables) {
    connection_.execute("DROP TABLE " + sql_name(table));
  }
  connection_.execute(kTables);
  connection_.execute("PRAGMA application_id=" + std::to_string(kApplicationId));
  connection_.execute("PRAGMA user_version=" + std::to_string(kVersion));
  transaction.commit();
}

void CacheDatabase::set_aside() {
  const std::string aside = path() + ".damaged-" + std::to_string(getpid());
  unlink((path() + "-shm").c_str());
  for (const char* const log : {"-wal", "-journal"}) {
    rename((path() + log).c_str(), (aside + log).c_str());  // most often there is none
  }
  rename_path(path(), aside);
  warn_("The cache database " + path() + " is damaged; it was set aside as " + base_name(aside) +
        " and a new one is used");
}

Journal journal_for(const std::string& directory) {
  constexpr std::array<uint32_t, 12> kNetworkMagics = {
      0x6969,      // NFS
      0x517b,      // SMB
      0xff534d42,  // CIFS
      0xfe534d42,  // SMB2
      0x0bd00bd3,  // Lustre
      0x47504653,  // GPFS
      0x19830326,  // BeeGFS
      0x00c36400,  // Ceph
      0x5346414f,  // AFS
      0x01021997,  // 9P
      0x65735546,  // FUSE: sshfs, GlusterFS and others
      0x7461636f,  // OCFS2
  };
  struct statfs info {};
  if (statfs(directory.c_str(), &info) != 0) return Journal::kRollback;
  const auto magic = static_cast<uint32_t>(info.f_type);
  const bool is_network =
      std::find(kNetworkMagics.begin(), kNetworkMagics.end(), magic) != kNetworkMagics.end();
  return is_network ? Journal::kRollback : Journal::kWriteAhead;
}

}  // namespace cntr::store
