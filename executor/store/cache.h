// The cache of a user, a team or a CI machine: the content store, the action cache, the records
// and the table of file digests, under one directory.
//
//   <root>/CACHEDIR.TAG       so that backups leave it out (bford.info/cachedir)
//   <root>/v1/cache.db        SQLite, WAL (rollback journal on network file systems)
//   <root>/v1/blobs/          content store
//   <root>/v1/images/         unpacked images, by identity (layer image)
//   <root>/v1/packages/       conda packages, by SHA-256 (layer env)
//   <root>/v1/packs/          the same, ready for an image (layer env)
//   <root>/v1/envs/           conda environments as squashfs files (layer env)
//   <root>/v1/tmp/            what is being written
//
// Files are created with the group and other bits of <root> itself, so a directory that several
// users may write (mode 2775 or 1777) is a cache for all of them. docs/cache.md has the rest.
//
// A broken cache is a warning and a miss: no function here throws for a full disk, a denied
// permission, a corrupt database or a damaged blob, except where it says so. Each kind of trouble
// is warned of once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/warning.h"
#include "store/content_store.h"
#include "store/file_digests.h"
#include "store/tree.h"

namespace cntr::store {

enum class OutputKind { kFile, kDirectory };

struct Output {
  std::string path;  // inside the sandbox: "/build/monthly.csv"
  OutputKind kind = OutputKind::kFile;
  Digest digest;  // of the bytes, or of the tree's listing (which is a blob as well)
  bool executable = false;

  bool operator==(const Output&) const = default;
};

// What the action cache knows of a signature.
struct ActionResult {
  std::vector<Output> outputs;  // sorted by path; an optional output that was not made is absent

  bool operator==(const ActionResult&) const = default;
};

// What is kept of one execution.
struct Record {
  Digest signature;
  std::string signature_text;
  std::string step;
  std::string runner;
  int64_t started = 0;  // nanoseconds since the epoch
  int64_t duration_ms = 0;
  int exit_code = 0;

  bool operator==(const Record&) const = default;
};

struct CacheStatus {
  std::string root;
  uint64_t blobs = 0;
  uint64_t blob_bytes = 0;
  uint64_t actions = 0;
  uint64_t images = 0;
  uint64_t image_bytes = 0;
  uint64_t envs = 0;
  uint64_t env_bytes = 0;
};

struct CacheProblem {
  std::string what;  // a sentence
};

// Not thread-safe; one a thread. Many processes may share one root.
class Cache {
 public:
  // CNTR_CACHE_DIR, else $XDG_CACHE_HOME/cntr, else ~/.cache/cntr. Throws a user Error when none is
  // set or the value is not absolute.
  static std::string default_root();

  // Opens or makes the cache (a new root gets mode 0700). When that fails: a warning, and a cache
  // that misses always.
  Cache(std::string root, WarningSink warn, const Clock& clock = system_clock());
  ~Cache();

  const std::string& root() const;
  // A directory for what is being written, on the file system of the cache: what has lain in it for
  // a day is removed. Throws an environment Error when it cannot be made.
  std::string scratch_directory() const;
  // The same for images, for conda packages as they were downloaded, and for those that are ready
  // for an image. Each throws as well.
  std::string images_directory() const;
  std::string packages_directory() const;
  std::string packs_directory() const;
  std::string envs_directory() const;  // for whole environments

  FileDigests& file_digests();

  // nullopt: a miss. A result of which a blob is missing is a miss.
  std::optional<ActionResult> find_action(const Digest& signature);

  // Stores the file or tree in the content store. nullopt when the cache could not take it. A
  // directory that cannot be read or holds a socket, fifo or device is an environment Error.
  std::optional<Digest> store_file(const std::string& path);
  std::optional<Tree> store_tree(const std::string& directory);

  // Small texts as blobs. nullopt when the cache could not take it, or has it not.
  std::optional<Digest> store_bytes(std::string_view bytes);
  std::optional<std::string> find_bytes(const Digest& digest);

  // Adds the record and then the action's row, in one transaction, after its blobs: a crash between
  // leaves no false hit. False when the cache could not take it.
  bool add_action(const Record& record, const ActionResult& result);

  // Puts a cached output at the new path `to`. False when a blob is missing or damaged (the action
  // is then forgotten by the next find_action); then `to` is not there.
  bool materialise(const Output& output, const std::string& to);
  std::optional<Tree> find_tree(const Digest& digest);

  std::optional<Record> find_record(const Digest& signature);

  // A small table for facts that follow from content, such as "this archive unpacks to that tree".
  std::optional<std::string> find_fact(const std::string& key);
  void add_fact(const std::string& key, const std::string& value);

  // For cntr cache. These throw environment Errors.
  CacheStatus status();
  void clear();                        // all but what other processes are using
  std::vector<CacheProblem> verify();  // every blob, every action, the database

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cntr::store
