// The database file of a cache: finding it, making it, and what to do when it is of another version
// or damaged. docs/cache.md lists its tables.
#pragma once

#include <cstdint>
#include <string>

#include "base/warning.h"
#include "store/sharing.h"
#include "store/sqlite.h"

namespace cntr::store {

enum class Journal {
  kWriteAhead,  // readers and a writer do not wait for each other
  kRollback,    // for network file systems: it needs no memory that processes share
};
Journal journal_for(const std::string& directory);

class CacheDatabase {
 public:
  // Another version than this in the file: an older one is emptied, a newer one is left alone.
  static constexpr int64_t kVersion = 1;

  // Opens <directory>/cache.db, or makes it with the permissions of `sharing`. A damaged one is set
  // aside and replaced, with a warning. Throws DatabaseError, kNewer for a newer version, and an
  // environment Error when the directory is not there.
  CacheDatabase(std::string directory, const Sharing& sharing, WarningSink warn, Journal journal);

  // Stays at its place for the life of this object; closed after a failed recover().
  Database& connection() { return connection_; }
  std::string path() const { return directory_ + "/cache.db"; }

  // For damage that was found later: sets this file aside, unless another process has done so, and
  // goes on with a new one. No statement may be in use. Throws as the constructor does.
  void recover();

 private:
  bool open_current();
  void open_or_make();
  bool is_ours_to_make();
  void make();
  void make_tables();
  void set_aside();

  std::string directory_;
  Sharing sharing_;
  WarningSink warn_;
  Journal journal_;
  Database connection_;
  uint64_t inode_ = 0;
};

}  // namespace cntr::store
