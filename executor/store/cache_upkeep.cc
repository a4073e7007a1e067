// What keeps a cache small and sound: the daily upkeep, and status, clear and verify.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "base/file_system.h"
#include "store/cache_state.h"
#include "store/output_listing.h"

namespace cntr::store {
namespace {

// FileDigests moves the last use of a row forward only once a week.
constexpr int64_t kDaysOfFiles = 30 + 7;
// Longer than anybody writes at one file or unpacks one image.
constexpr int64_t kScratchAge = int64_t{86'400} * 1'000'000'000;
constexpr std::string_view kLockSuffix = ".lock";

uint64_t count_rows(Database& database, const char* query) {
  Statement row = database.prepare(query);
  return row.step() ? static_cast<uint64_t>(row.integer(0)) : 0;
}

// Of what may be read; an image may have directories that nobody but root may enter.
uint64_t bytes_below(const std::string& directory) {
  namespace fs = std::filesystem;
  uint64_t bytes = 0;
  std::error_code error;
  fs::recursive_directory_iterator entry(directory, fs::directory_options::skip_permission_denied,
                                         error);
  while (!error && entry != fs::end(entry)) {
    const auto info = stat_link(entry->path());
    if (info && info->kind == FileKind::kRegular) bytes += info->size;
    entry.increment(error);
  }
  return bytes;
}

std::vector<std::string> names_in(const std::string& directory) {
  return exists(directory) ? list_directory(directory) : std::vector<std::string>();
}

// Removes what it can, and remembers what it could not.
class Sweep {
 public:
  template <class Work>
  void attempt(const Work& work) {
    try {
      work();
    } catch (const Error& error) {
      if (failures_++ == 0) first_ = error.message();
    }
  }

  void report(const std::string& root) const {
    if (failures_ == 0) return;
    throw environment_error(
        std::to_string(failures_) + (failures_ == 1 ? " entry" : " entries") + " of the cache at " +
            root + " could not be removed: " + first_,
        {"In a cache that several users share, each may have to remove what is theirs."});
  }

 private:
  uint64_t failures_ = 0;
  std::string first_;
};

void remove_image(const std::string& image, const std::string& scratch) {
  const auto lock = FileLock::try_lock(image + std::string(kLockSuffix));
  if (!lock) return;  // in use
  const TemporaryDirectory aside(scratch, "cleared-");
  rename_path(image, aside.path() + "/image");
  remove_tree(aside.path());
}

}  // namespace

void Cache::State::flush() {
  if (!is_usable() || (!digests->has_news() && used_actions.empty())) return;
  const bool did_upkeep = guarded(Trouble::kWriting, false, [&] {
    Transaction transaction(database->connection(), Transaction::Kind::kWrite);
    write_news();
    const bool is_due = forget_old_rows();
    transaction.commit();
    return is_due;
  });
  if (did_upkeep) {
    guarded(Trouble::kWriting, true, [&] {
      remove_old_scratch();
      return true;
    });
  }
}

void Cache::State::write_news() {
  digests->flush();
  const int64_t day = today();
  for (const Digest& signature : std::exchange(used_actions, {})) {
    database->connection()
        .prepare("UPDATE actions SET used_day = ? WHERE signature = ?")
        .bind(day)
        .bind(signature)
        .run();
  }
}

void Cache::State::forget_action(const Digest& signature) {
  database->connection().prepare("DELETE FROM actions WHERE signature = ?").bind(signature).run();
}

// Once a day. True when this was the day's first time.
bool Cache::State::forget_old_rows() {
  const int64_t day = today();
  Database& connection = database->connection();
  {
    Statement last = connection.prepare("SELECT day FROM upkeep");
    if (last.step() && last.integer(0) == day) return false;
  }
  connection.prepare("INSERT OR REPLACE INTO upkeep VALUES(0, ?)").bind(day).run();
  digests->forget_unused_since(day - kDaysOfFiles);
  return true;
}

// What processes left behind that were killed.
void Cache::State::remove_old_scratch() const {
  const std::string scratch = home() + "/tmp";
  for (const std::string& name : names_in(scratch)) {
    const auto info = stat_link(scratch + "/" + name);
    if (info && info->ctime < clock.file_time() - kScratchAge) remove_tree(scratch + "/" + name);
  }
}

CacheStatus Cache::status() {
  state_->require_usable();
  CacheStatus status;
  status.root = state_->root;
  state_->content->for_each([&](const Digest&, uint64_t size) {
    ++status.blobs;
    status.blob_bytes += size;
  });
  status.actions = count_rows(state_->database->connection(), "SELECT count(*) FROM actions");
  const std::string images = state_->home() + "/images";
  for (const std::string& name : names_in(images)) {
    const auto info = stat_link(images + "/" + name);
    if (!info || info->kind != FileKind::kDirectory) continue;
    ++status.images;
    status.image_bytes += bytes_below(images + "/" + name);
  }
  const std::string envs = state_->home() + "/envs";
  for (const std::string& name : names_in(envs)) {
    const auto info = stat_link(envs + "/" + name);
    if (!info || !name.ends_with(".squashfs")) continue;
    ++status.envs;
    status.env_bytes += info->size;
  }
  return status;
}

// Everything goes by one name at a time, so a process that is using the cache meanwhile sees what
// is there or a miss.
void Cache::clear() {
  state_->require_usable();
  Database& database = state_->database->connection();
  {
    Transaction transaction(database, Transaction::Kind::kWrite);
    for (const char* const table : {"actions", "records", "facts", "files"}) {
      database.execute(std::string("DELETE FROM ") + table);
    }
    transaction.commit();
  }
  try {
    database.execute("VACUUM");
  } catch (const DatabaseError&) {
    // The file stays as long as it is, and its pages are used again.
  }
  Sweep sweep;
  state_->content->for_each([&](const Digest& digest, uint64_t) {
    sweep.attempt([&] { state_->content->remove(digest); });
  });
  const std::string scratch = scratch_directory();
  const std::string images = state_->home() + "/images";
  for (const std::string& name : names_in(images)) {
    if (name.ends_with(kLockSuffix)) continue;
    sweep.attempt([&] { remove_image(images + "/" + name, scratch); });
  }
  for (const char* const directory : {"/packages/", "/packs/", "/envs/"}) {
    for (const std::string& name : names_in(state_->home() + directory)) {
      sweep.attempt([&] { remove_tree(state_->home() + directory + name); });
    }
  }
  sweep.attempt([&] { state_->remove_old_scratch(); });
  for (const std::string& name : names_in(state_->home())) {
    if (!name.starts_with("cache.db.damaged-")) continue;
    sweep.attempt([&] { remove_tree(state_->home() + "/" + name); });
  }
  sweep.report(state_->root);
}

std::vector<CacheProblem> Cache::verify() {
  state_->require_usable();
  std::vector<CacheProblem> problems;
  const auto add = [&problems](const std::string& what) { problems.push_back({what}); };
  Database& database = state_->database->connection();

  std::vector<std::pair<std::optional<Digest>, std::string>> actions;
  try {
    Statement check = database.prepare("PRAGMA integrity_check");
    while (check.step()) {
      if (check.text(0) != "ok") add("The database is damaged: " + check.text(0));
    }
    Statement rows = database.prepare("SELECT signature, outputs FROM actions");
    while (rows.step()) actions.emplace_back(rows.digest(0), rows.text(1));
  } catch (const DatabaseError& error) {
    add(error.message());
  }

  state_->content->for_each([&](const Digest& digest, uint64_t) {
    try {
      if (!state_->content->verify(digest)) add("The blob " + digest.hex() + " is damaged");
    } catch (const Error& error) {
      add(error.message());
    }
  });

  for (const auto& [signature, text] : actions) {
    const auto outputs = signature ? parse_output_listing(text) : std::nullopt;
    if (!outputs) {
      add("The action " + (signature ? signature->hex() : "without a signature") +
          " cannot be understood");
      continue;
    }
    if (const auto missing = state_->missing_blob({*outputs})) {
      add("The action " + signature->hex() + " lacks the blob " + *missing);
    }
  }
  return problems;
}

}  // namespace cntr::store
