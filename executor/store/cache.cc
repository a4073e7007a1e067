#include "store/cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/file_system.h"
#include "base/process.h"
#include "base/text.h"
#include "store/cache_state.h"
#include "store/directory_walk.h"
#include "store/output_listing.h"

namespace cntr::store {
namespace {

constexpr int64_t kNanosecondsOfDay = int64_t{86'400} * 1'000'000'000;

constexpr const char* kCacheDirectoryTag =
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# This directory is a cache of Cntr. What is in it can be made again.\n"
    "# About this file: https://bford.info/cachedir/\n";

std::optional<std::string> directory_in(const char* variable) {
  const auto value = environment_variable(variable);
  if (!value || value->empty()) return std::nullopt;
  if (value->front() != '/') {
    throw user_error(std::string(variable) + " is " + quote(*value) +
                     ", which is not an absolute path");
  }
  return normal_path(*value, "/");
}

void make_new_directory(const std::string& path) {
  if (mkdir(path.c_str(), 0777) != 0) {
    throw system_error("Cannot make the directory " + path, errno);
  }
}

}  // namespace

Cache::State::State(std::string root_path, WarningSink warning_sink, const Clock& the_clock)
    : root(std::move(root_path)), warn(std::move(warning_sink)), clock(the_clock) {
  try {
    if (stat_file(home())) {
      sharing = sharing_of(root);
    } else {
      make_layout();
    }
    content.emplace(home(), sharing);
    database.emplace(home(), sharing, warn, journal_for(home()));
  } catch (const DatabaseError& error) {
    unusable_because = error.message();
    if (error.trouble() == DatabaseTrouble::kNewer) {
      warn("The cache at " + root +
           " was made by a newer Cntr; it is not used, so every step runs");
    } else {
      warn_once(Trouble::kUnusable, error.message());
    }
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kEnvironment) throw;
    unusable_because = error.message();
    warn_once(Trouble::kUnusable, error.message());
  }
  Database* const connection = database ? &database->connection() : nullptr;
  digests.emplace(connection, disk_reader(), clock, [this](const Error& error) {
    if (const auto* const trouble = dynamic_cast<const DatabaseError*>(&error)) {
      handle(*trouble, Trouble::kReading);
    }
  });
}

Cache::State::~State() = default;

int64_t Cache::State::today() const { return clock.file_time() / kNanosecondsOfDay; }

void Cache::State::make_layout() {
  if (!stat_file(root)) {
    make_directories(parent_path(root));
    if (mkdir(root.c_str(), 0700) != 0 && errno != EEXIST) {
      throw system_error("Cannot make the directory " + root, errno);
    }
  }
  sharing = sharing_of(root);
  const std::string tag = root + "/CACHEDIR.TAG";
  if (!stat_link(tag)) {
    write_file_atomically(tag, kCacheDirectoryTag, 0666);
    chmod(tag.c_str(), sharing.file);  // a tag that others cannot read still serves its owner
  }
  make_shared_directory(home(), sharing.meeting_place());
}

std::string Cache::State::make_directory(const std::string& name, mode_t mode) const {
  const std::string path = home() + "/" + name;
  make_shared_directory(path, mode);
  return path;
}

void Cache::State::require_usable() {
  if (is_usable()) return;
  throw environment_error("Cannot use the cache at " + root + ": " + unusable_because);
}

void Cache::State::warn_once(Trouble trouble, const std::string& why) {
  if (!warned.insert(trouble).second) return;
  const std::string cache = "the cache at " + root;
  switch (trouble) {
    case Trouble::kUnusable:
      return warn("Cannot use " + cache + ", so every step runs: " + why);
    case Trouble::kReading:
      return warn("Cannot read " + cache + ", so steps may run again: " + why);
    case Trouble::kWriting:
      return warn("Cannot add to " + cache + ", so steps will run again: " + why);
    case Trouble::kRestoring:
      return warn("Cannot restore a result from " + cache + ", so its step runs: " + why);
    case Trouble::kDamagedBlob:
      return warn("A blob in " + cache +
                  " is damaged, so the step that made it runs again: " + why);
  }
}

void Cache::State::handle(const DatabaseError& error, Trouble trouble) {
  if (!is_usable()) return;
  if (error.trouble() != DatabaseTrouble::kDamaged || std::exchange(has_recovered, true)) {
    // Who has waited once for a database that others hold need not wait each time.
    if (error.trouble() == DatabaseTrouble::kBusy) {
      database->connection().set_patience(std::chrono::milliseconds(0));
    }
    return warn_once(trouble, error.message());
  }
  try {
    database->recover();
  } catch (const Error& failure) {
    database->connection() = Database();
    unusable_because = failure.message();
    warn_once(Trouble::kUnusable, failure.message());
  }
}

std::optional<ActionResult> Cache::State::read_action(const Digest& signature) {
  Statement row =
      database->connection().prepare("SELECT outputs, used_day FROM actions WHERE signature = ?");
  row.bind(signature);
  if (!row.step()) return std::nullopt;
  auto outputs = parse_output_listing(row.text(0));
  if (!outputs) return std::nullopt;
  if (row.integer(1) != today()) used_actions.push_back(signature);
  return ActionResult{std::move(*outputs)};
}

std::optional<std::string> Cache::State::missing_blob(const ActionResult& result) {
  for (const Output& output : result.outputs) {
    if (output.kind == OutputKind::kFile) {
      if (!content->has(output.digest)) return output.digest.hex() + " of " + quote(output.path);
      continue;
    }
    const auto tree = find_tree(output.digest);
    if (!tree) return output.digest.hex() + " of " + quote(output.path);
    for (const TreeEntry& entry : tree->entries) {
      const bool is_file = entry.kind == EntryKind::kFile || entry.kind == EntryKind::kExecutable;
      if (is_file && !content->has(entry.digest)) {
        return entry.digest.hex() + " of " + quote(output.path + "/" + entry.path);
      }
    }
  }
  return std::nullopt;
}

std::optional<Tree> Cache::State::find_tree(const Digest& digest) {
  const auto listing = content->get_bytes(digest);
  if (!listing) return std::nullopt;
  try {
    return parse_tree(*listing);
  } catch (const Error&) {
    return std::nullopt;  // a blob, but not that of a tree
  }
}

bool Cache::State::materialise_tree(const Tree& tree, const std::string& to) {
  make_new_directory(to);
  try {
    for (const TreeEntry& entry : tree.entries) {
      const std::string path = to + "/" + entry.path;
      if (entry.kind == EntryKind::kDirectory) {
        make_new_directory(path);
      } else if (entry.kind == EntryKind::kSymlink) {
        if (symlink(entry.target.c_str(), path.c_str()) != 0) {
          throw system_error("Cannot make the symbolic link " + path, errno);
        }
      } else if (!take_file(entry.digest, path, entry.kind == EntryKind::kExecutable)) {
        remove_tree(to);
        return false;
      }
    }
  } catch (...) {
    remove_tree(to);
    throw;
  }
  return true;
}

bool Cache::State::take_file(const Digest& digest, const std::string& to, bool executable) {
  const Fetch fetched = content->get_file(digest, to, executable);
  if (fetched == Fetch::kDamaged) warn_once(Trouble::kDamagedBlob, digest.hex());
  return fetched == Fetch::kDone;
}

std::string Cache::default_root() {
  // Most often a script's own variable that was not set: the home directory is not what was meant.
  if (environment_variable("CNTR_CACHE_DIR") == "") {
    throw user_error("CNTR_CACHE_DIR is empty",
                     {"Set it to the path of a directory, or unset it."});
  }
  if (const auto root = directory_in("CNTR_CACHE_DIR")) return *root;
  if (const auto base = directory_in("XDG_CACHE_HOME")) return *base + "/cntr";
  if (const auto home = directory_in("HOME")) return *home + "/.cache/cntr";
  throw user_error(
      "There is no place for the cache: neither CNTR_CACHE_DIR, XDG_CACHE_HOME nor "
      "HOME is set",
      {"Set CNTR_CACHE_DIR to the path of a directory."});
}

Cache::Cache(std::string root, WarningSink warn, const Clock& clock)
    : state_(std::make_unique<State>(std::move(root), std::move(warn), clock)) {}

Cache::~Cache() { state_->flush(); }

const std::string& Cache::root() const { return state_->root; }

std::string Cache::scratch_directory() const {
  state_->make_layout();
  return state_->make_directory("tmp", state_->sharing.directory);
}

std::string Cache::images_directory() const {
  state_->make_layout();
  return state_->make_directory("images", state_->sharing.meeting_place());
}

std::string Cache::packages_directory() const {
  state_->make_layout();
  return state_->make_directory("packages", state_->sharing.directory);
}

std::string Cache::packs_directory() const {
  state_->make_layout();
  return state_->make_directory("packs", state_->sharing.meeting_place());
}

std::string Cache::envs_directory() const {
  state_->make_layout();
  return state_->make_directory("envs", state_->sharing.meeting_place());
}

FileDigests& Cache::file_digests() { return *state_->digests; }

std::optional<ActionResult> Cache::find_action(const Digest& signature) {
  using Found = std::optional<ActionResult>;
  Found found =
      state_->guarded(Trouble::kReading, Found(), [&] { return state_->read_action(signature); });
  if (!found) return std::nullopt;
  const bool is_whole = state_->guarded(Trouble::kReading, false, [&] {
    if (!state_->missing_blob(*found)) return true;
    state_->forget_action(signature);
    return false;
  });
  return is_whole ? found : std::nullopt;
}

std::optional<Digest> Cache::store_file(const std::string& path) {
  using Stored = std::optional<Digest>;
  return state_->guarded(Trouble::kWriting, Stored(),
                         [&] { return Stored(state_->content->put_file(path)); });
}

std::optional<Tree> Cache::store_tree(const std::string& directory) {
  if (!state_->is_usable()) return std::nullopt;
  Tree tree = shape_of(walk_directory(directory), directory);
  using Stored = std::optional<Tree>;
  return state_->guarded(Trouble::kWriting, Stored(), [&] {
    for (TreeEntry& entry : tree.entries) {
      if (entry.kind == EntryKind::kFile || entry.kind == EntryKind::kExecutable) {
        entry.digest = state_->content->put_file(directory + "/" + entry.path);
      }
    }
    state_->content->put_bytes(tree.listing());
    return Stored(std::move(tree));
  });
}

std::optional<Digest> Cache::store_bytes(std::string_view bytes) {
  using Stored = std::optional<Digest>;
  return state_->guarded(Trouble::kWriting, Stored(),
                         [&] { return Stored(state_->content->put_bytes(bytes)); });
}

std::optional<std::string> Cache::find_bytes(const Digest& digest) {
  using Found = std::optional<std::string>;
  return state_->guarded(Trouble::kReading, Found(),
                         [&] { return state_->content->get_bytes(digest); });
}

bool Cache::add_action(const Record& record, const ActionResult& result) {
  return state_->guarded(Trouble::kWriting, false, [&] {
    Database& database = state_->database->connection();
    const std::string outputs = output_listing(result.outputs);
    Transaction transaction(database, Transaction::Kind::kWrite);
    state_->write_news();
    database.prepare("INSERT OR REPLACE INTO records VALUES(?,?,?,?,?,?,?)")
        .bind(record.signature)
        .bind_text(record.signature_text)
        .bind_text(record.step)
        .bind_text(record.runner)
        .bind(record.started)
        .bind(record.duration_ms)
        .bind(record.exit_code)
        .run();
    database.prepare("INSERT OR REPLACE INTO actions VALUES(?,?,?)")
        .bind(record.signature)
        .bind_text(outputs)
        .bind(state_->today())
        .run();
    transaction.commit();
    return true;
  });
}

bool Cache::materialise(const Output& output, const std::string& to) {
  return state_->guarded(Trouble::kRestoring, false, [&] {
    if (output.kind == OutputKind::kFile) {
      return state_->take_file(output.digest, to, output.executable);
    }
    const auto tree = state_->find_tree(output.digest);
    return tree && state_->materialise_tree(*tree, to);
  });
}

std::optional<Tree> Cache::find_tree(const Digest& digest) {
  return state_->guarded(Trouble::kReading, std::optional<Tree>(),
                         [&] { return state_->find_tree(digest); });
}

std::optional<Record> Cache::find_record(const Digest& signature) {
  using Found = std::optional<Record>;
  return state_->guarded(Trouble::kReading, Found(), [&]() -> Found {
    Statement row = state_->database->connection().prepare(
        "SELECT signature_text, step, runner, started, duration_ms, exit_code FROM records "
        "WHERE signature = ?");
    row.bind(signature);
    if (!row.step()) return std::nullopt;
    return Record{signature,
                  row.text(0),
                  row.text(1),
                  row.text(2),
                  row.integer(3),
                  row.integer(4),
                  static_cast<int>(row.integer(5))};
  });
}

std::optional<std::string> Cache::find_fact(const std::string& key) {
  using Found = std::optional<std::string>;
  return state_->guarded(Trouble::kReading, Found(), [&]() -> Found {
    Statement row = state_->database->connection().prepare("SELECT value FROM facts WHERE key = ?");
    row.bind_text(key);
    return row.step() ? Found(row.text(0)) : std::nullopt;
  });
}

void Cache::add_fact(const std::string& key, const std::string& value) {
  state_->guarded(Trouble::kWriting, false, [&] {
    state_->database->connection()
        .prepare("INSERT OR REPLACE INTO facts VALUES(?,?)")
        .bind_text(key)
        .bind_text(value)
        .run();
    return true;
  });
}

}  // namespace cntr::store
