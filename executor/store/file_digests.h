// Digests of files, remembered by (device, inode, size, mtime, ctime) in the cache's database, so
// that an unchanged file costs a stat.
//
// The race (docs/cache.md, "Racy files"): a file written twice within one tick of the file system's
// clock has the same stat and other bytes. So a digest is believed only when the file's mtime and
// ctime are at least kRacyWindow older than the moment its hashing began; else the file is hashed
// again. A future mtime says nothing and is left out of that test; ctime decides. A digest that was
// recorded in the future (the clock was set back) is not believed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file_system.h"
#include "store/known_digests.h"
#include "store/tree.h"

namespace cntr::store {

class Database;
struct WalkedEntry;

// What a regular file holds.
struct FileContent {
  Digest digest;
  bool executable = false;
  FileStat stat;  // as it was when the digest was known to be true

  bool operator==(const FileContent&) const = default;
};

// What the change times (ctime) of a file system are worth.
enum class ChangeTimes {
  kTrue,     // every change of a file's bytes sets it, to the clock
  kUnknown,  // believed where it has a part below the second, which a made-up one has not
  kNone,     // made up from something else, or changes are not stamped
};

// The disk as FileDigests sees files, so that tests can replace it. All follow symlinks.
class FileReader {
 public:
  virtual ~FileReader() = default;
  virtual std::optional<FileStat> stat(const std::string& path) const = 0;
  virtual Digest digest(const std::string& path) const = 0;
  virtual ChangeTimes change_times(const std::string& path) const = 0;
};
const FileReader& disk_reader();

// What a tree does with sockets, fifos and devices: a root file system may have them.
enum class SpecialFiles { kRefuse, kSkip };

// Not thread-safe. Many processes may share the database.
class FileDigests {
 public:
  static constexpr int64_t kRacyWindow = 2'000'000'000;  // nanoseconds

  using TroubleSink = std::function<void(const Error&)>;

  // `database` may be null: then what is learnt is remembered by this object only. All references
  // must outlive it. The sink hears why the database cannot be read; then it is not read again.
  FileDigests(Database* database, const FileReader& reader, const Clock& clock,
              TroubleSink on_trouble);
  // Drops what was not flushed.
  ~FileDigests();

  // From now on what others in this process have hashed counts as well, and they learn what this
  // one hashes. It must outlive this.
  void share(KnownDigests& known) { others_ = &known; }

  // The content of the regular file at `path`, through symlinks. nullopt when nothing is there.
  // Throws an environment Error when it is not a regular file or cannot be read.
  std::optional<FileContent> file(const std::string& path);

  // The tree below the directory `path` (which may be a symlink to one; inside, symlinks are
  // entries). nullopt when nothing is there. Throws an environment Error when it is no directory,
  // something cannot be read, or it holds a socket, fifo or device that is not to be skipped.
  std::optional<Tree> tree(const std::string& path,
                           SpecialFiles special_files = SpecialFiles::kRefuse);

  // Files that were read from disk to be hashed so far, for counters.
  uint64_t hashed_files() const { return hashed_files_; }

  // Whether flush() has something to write.
  bool has_news() const;
  // Writes what was learnt to the database in one transaction (or as a part of the one that is
  // open). Throws DatabaseError; what was learnt is then dropped from what is to be written.
  void flush();
  // Removes from the database what was not used since that day (days since the epoch).
  void forget_unused_since(int64_t day);

 private:
  // A row of the table. It says what the file was, not that it still is.
  struct Memory {
    uint64_t size = 0;
    int64_t mtime = 0;
    int64_t ctime = 0;
    int64_t recorded = 0;  // when hashing began
    int64_t used_day = 0;
    Digest digest;
    bool is_news = false;
  };
  using Key = std::tuple<uint64_t, uint64_t>;  // device, inode

  std::vector<std::optional<Digest>> recall_all(const std::string& directory,
                                                const std::vector<WalkedEntry>& found);
  std::optional<Digest> recall(const std::string& path, const FileStat& stat, int64_t now);
  Memory* find(const Key& key);
  Memory* find_at_others(const Key& key);
  bool is_believed(const Memory* memory, const std::string& path, const FileStat& stat,
                   int64_t now);
  bool read_row(const Key& key);
  bool believes_change_time(const std::string& path, const FileStat& stat);
  std::optional<FileContent> hash(const std::string& path, FileStat stat);
  void remember(const std::string& path, const FileStat& stat, int64_t began, const Digest& digest);

  Database* database_;
  KnownDigests* others_ = nullptr;
  const FileReader& reader_;
  const Clock& clock_;
  TroubleSink on_trouble_;
  bool can_read_database_;
  int64_t machine_;
  std::map<Key, Memory> memory_;
  std::map<uint64_t, ChangeTimes> change_times_;  // by device
  uint64_t news_ = 0;
  uint64_t hashed_files_ = 0;
};

}  // namespace cntr::store
