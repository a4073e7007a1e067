#include "store/file_digests.h"

#include <sys/utsname.h>
#include <sys/vfs.h>

#include <cstring>
#include <utility>
#include <vector>

#include "store/directory_walk.h"
#include "store/sqlite.h"

namespace cntr::store {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kDay = 86'400 * kSecond;
constexpr int64_t kDaysBetweenTouches = 7;
constexpr int kMostHashings = 3;

class DiskReader : public FileReader {
 public:
  std::optional<FileStat> stat(const std::string& path) const override { return stat_file(path); }
  Digest digest(const std::string& path) const override { return digest_of_file(path); }

  ChangeTimes change_times(const std::string& path) const override {
    struct statfs info {};
    if (statfs(path.c_str(), &info) != 0) return ChangeTimes::kNone;
    switch (static_cast<uint32_t>(info.f_type)) {
      case 0xef53:      // ext2, ext3, ext4
      case 0x58465342:  // XFS
      case 0x9123683e:  // Btrfs
      case 0x01021994:  // tmpfs
      case 0x2fc12fc1:  // ZFS
      case 0x6969:      // NFS
      case 0x0bd00bd3:  // Lustre
      case 0x47504653:  // GPFS
      case 0x19830326:  // BeeGFS
      case 0x00c36400:  // Ceph
        return ChangeTimes::kTrue;
      case 0x4d44:      // FAT: it is the time of creation
      case 0x2011bab0:  // exFAT: not kept on disk
        return ChangeTimes::kNone;
      default:  // SquashFS, ISO 9660 and sshfs show the mtime, in whole seconds
        return ChangeTimes::kUnknown;
    }
  }
};

// On a shared file system the same device and inode numbers mean other files on another machine.
int64_t machine_identity() {
  std::string name;
  try {
    name = read_file_if_exists("/etc/machine-id").value_or("");
  } catch (const Error&) {
    // The host name serves as well.
  }
  if (name.empty()) {
    utsname system{};
    if (uname(&system) == 0) name = system.nodename;
  }
  const Digest digest = digest_of("cntr machine " + name);
  int64_t number = 0;
  std::memcpy(&number, digest.data(), sizeof number);
  return number;
}

bool same_state(const FileStat& a, const FileStat& b) {
  return a.device == b.device && a.inode == b.inode && a.size == b.size && a.mtime == b.mtime &&
         a.ctime == b.ctime;
}

bool is_older_by_window(int64_t stamp, int64_t recorded) {
  return stamp <= recorded && static_cast<uint64_t>(recorded) - static_cast<uint64_t>(stamp) >=
                                  uint64_t{FileDigests::kRacyWindow};
}

// Whether bytes read at `recorded` are those of every file with these stamps.
bool is_settled(int64_t mtime, int64_t ctime, int64_t recorded) {
  return is_older_by_window(ctime, recorded) &&
         (mtime > recorded || is_older_by_window(mtime, recorded));
}

Error not_regular(const std::string& path) {
  return environment_error("Cannot read " + path + ": it is not a regular file");
}

}  // namespace

const FileReader& disk_reader() {
  static const DiskReader reader;
  return reader;
}

FileDigests::FileDigests(Database* database, const FileReader& reader, const Clock& clock,
                         TroubleSink on_trouble)
    : database_(database),
      reader_(reader),
      clock_(clock),
      on_trouble_(std::move(on_trouble)),
      can_read_database_(database != nullptr),
      machine_(machine_identity()) {}

FileDigests::~FileDigests() = default;

std::optional<FileContent> FileDigests::file(const std::string& path) {
  const auto stat = reader_.stat(path);
  if (!stat) return std::nullopt;
  if (stat->kind != FileKind::kRegular) throw not_regular(path);
  if (const auto digest = recall(path, *stat, clock_.file_time())) {
    return FileContent{*digest, stat->executable(), *stat};
  }
  return hash(path, *stat);
}

std::optional<Tree> FileDigests::tree(const std::string& path, SpecialFiles special_files) {
  const auto top = reader_.stat(path);
  if (!top) return std::nullopt;
  if (top->kind != FileKind::kDirectory) {
    throw environment_error("Cannot read " + path + ": it is not a directory");
  }
  std::vector<WalkedEntry> found = walk_directory(path);
  if (special_files == SpecialFiles::kSkip) {
    std::erase_if(found,
                  [](const WalkedEntry& entry) { return entry.stat.kind == FileKind::kOther; });
  }
  Tree tree = shape_of(found, path);
  const std::vector<std::optional<Digest>> known = recall_all(path, found);
  std::vector<TreeEntry> entries;
  entries.reserve(found.size());
  for (size_t i = 0; i < found.size(); ++i) {
    TreeEntry& entry = tree.entries[i];
    if (known[i]) {
      entry.digest = *known[i];
    } else if (found[i].stat.kind == FileKind::kRegular) {
      const auto content = hash(path + "/" + entry.path, found[i].stat);
      if (!content) continue;  // it vanished meanwhile
      entry.digest = content->digest;
      entry.kind = content->executable ? EntryKind::kExecutable : EntryKind::kFile;
    }
    entries.push_back(std::move(entry));
  }
  tree.entries = std::move(entries);
  return tree;
}

// In one transaction, which locks the database once.
std::vector<std::optional<Digest>> FileDigests::recall_all(const std::string& directory,
                                                           const std::vector<WalkedEntry>& found) {
  std::vector<std::optional<Digest>> digests(found.size());
  std::optional<Transaction> reading;
  if (can_read_database_) {
    try {
      reading.emplace(*database_, Transaction::Kind::kRead);
    } catch (const DatabaseError& error) {
      can_read_database_ = false;
      if (on_trouble_) on_trouble_(error);
    }
  }
  const int64_t now = clock_.file_time();
  for (size_t i = 0; i < found.size(); ++i) {
    if (found[i].stat.kind != FileKind::kRegular) continue;
    digests[i] = recall(directory + "/" + found[i].path, found[i].stat, now);
  }
  return digests;
}

bool FileDigests::is_believed(const Memory* memory, const std::string& path, const FileStat& stat,
                              int64_t now) {
  return memory != nullptr && memory->size == stat.size && memory->mtime == stat.mtime &&
         memory->ctime == stat.ctime && memory->recorded <= now &&
         is_settled(stat.mtime, stat.ctime, memory->recorded) && believes_change_time(path, stat);
}

// The digest, when it is known and the file cannot have changed since.
std::optional<Digest> FileDigests::recall(const std::string& path, const FileStat& stat,
                                          int64_t now) {
  const Key key{stat.device, stat.inode};
  Memory* memory = find(key);
  if (!is_believed(memory, path, stat, now)) memory = find_at_others(key);
  if (!is_believed(memory, path, stat, now)) return std::nullopt;
  const int64_t today = now / kDay;
  if (memory->used_day > today || memory->used_day <= today - kDaysBetweenTouches) {
    memory->used_day = today;
    if (!memory->is_news) ++news_;
    memory->is_news = true;
  }
  return memory->digest;
}

FileDigests::Memory* FileDigests::find(const Key& key) {
  auto known = memory_.find(key);
  if (known == memory_.end() && can_read_database_) {
    try {
      if (read_row(key)) known = memory_.find(key);
    } catch (const DatabaseError& error) {
      can_read_database_ = false;
      if (on_trouble_) on_trouble_(error);
    }
  }
  return known == memory_.end() ? nullptr : &known->second;
}

FileDigests::Memory* FileDigests::find_at_others(const Key& key) {
  if (others_ == nullptr) return nullptr;
  const auto known = others_->find(std::get<0>(key), std::get<1>(key));
  if (!known) return nullptr;
  Memory& memory = memory_[key];
  // With no day of use it is written down as soon as it is used.
  memory = {known->size, known->mtime, known->ctime, known->recorded, 0, known->digest, false};
  return &memory;
}

bool FileDigests::read_row(const Key& key) {
  Statement row = database_->prepare(
      "SELECT size, mtime, ctime, recorded, used_day, digest FROM files "
      "WHERE machine = ?1 AND device = ?2 AND inode = ?3");
  row.bind(machine_)
      .bind(static_cast<int64_t>(std::get<0>(key)))
      .bind(static_cast<int64_t>(std::get<1>(key)));
  if (!row.step()) return false;
  const auto digest = row.digest(5);
  if (!digest) return false;
  memory_[key] = {static_cast<uint64_t>(row.integer(0)),
                  row.integer(1),
                  row.integer(2),
                  row.integer(3),
                  row.integer(4),
                  *digest,
                  false};
  return true;
}

bool FileDigests::believes_change_time(const std::string& path, const FileStat& stat) {
  auto known = change_times_.find(stat.device);
  if (known == change_times_.end()) {
    known = change_times_.emplace(stat.device, reader_.change_times(path)).first;
  }
  return known->second == ChangeTimes::kTrue ||
         (known->second == ChangeTimes::kUnknown && stat.ctime % kSecond != 0);
}

// nullopt when the file vanished. A file that changes all the time gets the digest of what was read
// last, which is not remembered.
std::optional<FileContent> FileDigests::hash(const std::string& path, FileStat stat) {
  for (int hashings = 1;; ++hashings) {
    const int64_t began = clock_.file_time();
    Digest digest;
    try {
      digest = reader_.digest(path);
    } catch (const Error&) {
      if (!reader_.stat(path)) return std::nullopt;
      throw;
    }
    ++hashed_files_;
    const auto after = reader_.stat(path);
    if (!after) return std::nullopt;
    if (after->kind != FileKind::kRegular) throw not_regular(path);
    const bool is_stable = same_state(stat, *after);
    stat = *after;
    if (is_stable) remember(path, stat, began, digest);
    if (is_stable || hashings == kMostHashings) {
      return FileContent{digest, stat.executable(), stat};
    }
  }
}

// What would not be believed later is not worth a row, except to replace one.
void FileDigests::remember(const std::string& path, const FileStat& stat, int64_t began,
                           const Digest& digest) {
  const Key key{stat.device, stat.inode};
  if (others_ != nullptr) {
    others_->add(stat.device, stat.inode, {stat.size, stat.mtime, stat.ctime, began, digest});
  }
  const bool is_worth_it =
      is_settled(stat.mtime, stat.ctime, began) && believes_change_time(path, stat);
  if (!is_worth_it && find(key) == nullptr) return;
  Memory& memory = memory_[key];
  if (!memory.is_news) ++news_;
  memory = {stat.size, stat.mtime, stat.ctime, began, began / kDay, digest, true};
}

bool FileDigests::has_news() const { return database_ != nullptr && news_ > 0; }

void FileDigests::flush() {
  if (!has_news()) return;
  news_ = 0;
  Transaction transaction(*database_, Transaction::Kind::kWrite);
  for (auto& [key, memory] : memory_) {
    if (!std::exchange(memory.is_news, false)) continue;
    Statement row = database_->prepare("INSERT OR REPLACE INTO files VALUES(?,?,?,?,?,?,?,?,?)");
    row.bind(machine_)
        .bind(static_cast<int64_t>(std::get<0>(key)))
        .bind(static_cast<int64_t>(std::get<1>(key)))
        .bind(static_cast<int64_t>(memory.size))
        .bind(memory.mtime)
        .bind(memory.ctime)
        .bind(memory.recorded)
        .bind(memory.used_day)
        .bind(memory.digest);
    row.run();
  }
  transaction.commit();
}

void FileDigests::forget_unused_since(int64_t day) {
  database_->prepare("DELETE FROM files WHERE used_day < ?").bind(day).run();
}

}  // namespace cntr::store
