// What a Cache holds, for cache.cc (the work of a build) and cache_upkeep.cc (cntr cache).
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/warning.h"
#include "store/cache.h"
#include "store/cache_database.h"
#include "store/content_store.h"
#include "store/file_digests.h"
#include "store/sharing.h"
#include "store/sqlite.h"

namespace cntr::store {

// Each is warned of once.
enum class Trouble { kUnusable, kReading, kWriting, kRestoring, kDamagedBlob };

struct Cache::State {
  State(std::string root, WarningSink warn, const Clock& clock);
  ~State();

  std::string home() const { return root + "/v1"; }
  int64_t today() const;

  // Makes <root>, <root>/v1 and what belongs into them.
  void make_layout();
  std::string make_directory(const std::string& name, mode_t mode) const;

  bool is_usable() { return database && database->connection().is_open(); }
  // Throws an environment Error when the cache could not be opened.
  void require_usable();

  // The result of `work`; when it throws an environment Error: a warning, and `otherwise`.
  template <class Result, class Work>
  Result guarded(Trouble trouble, Result otherwise, const Work& work) {
    if (!is_usable()) return otherwise;
    try {
      return work();
    } catch (const DatabaseError& error) {
      handle(error, trouble);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kEnvironment) throw;
      warn_once(trouble, error.message());
    }
    return otherwise;
  }

  void warn_once(Trouble trouble, const std::string& why);
  void handle(const DatabaseError& error, Trouble trouble);

  // All that waits to be written, and once a day the upkeep. No transaction when nothing waits.
  void flush();
  void write_news();
  bool forget_old_rows();
  void remove_old_scratch() const;

  // The outputs of the action's row; nullopt when there is none or it makes no sense.
  std::optional<ActionResult> read_action(const Digest& signature);
  // The first blob that is missing, also of those that its trees name: "<hex> of <path>".
  std::optional<std::string> missing_blob(const ActionResult& result);
  std::optional<Tree> find_tree(const Digest& digest);
  bool materialise_tree(const Tree& tree, const std::string& to);
  bool take_file(const Digest& digest, const std::string& to, bool executable);
  void forget_action(const Digest& signature);

  const std::string root;
  const WarningSink warn;
  const Clock& clock;
  std::set<Trouble> warned;
  Sharing sharing;
  std::optional<CacheDatabase> database;
  bool has_recovered = false;  // once a process: what is damaged again has another cause
  std::string unusable_because;
  std::optional<ContentStore> content;
  std::optional<FileDigests> digests;
  std::vector<Digest> used_actions;  // whose last use is to be moved to today
};

}  // namespace cntr::store
