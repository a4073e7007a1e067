// One build directory, from the manifest on disk to the end of a build: loads graph and state,
// rebuilds the manifest, builds, and keeps what was learnt.
//
// Not thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "base/warning.h"
#include "engine/build_status.h"
#include "engine/builder.h"
#include "engine/command_runner.h"
#include "engine/disk.h"
#include "engine/state.h"
#include "engine/state_file.h"
#include "ninja/manifest_parser.h"

namespace cntr::engine {

struct SessionOptions {
  std::string manifest = "build.ninja";
  bool phony_cycle_is_error = false;
  bool read_only = false;  // writes no state: for -n, and for tools that only look
  bool use_cache = false;  // of ordinary edges (EdgeCache)
  BuildOptions build;
};

// Where the state of a manifest's builds is kept, seen from the manifest's directory.
std::string state_folder(const std::string& manifest);

class BuildSession : private RunSink {
 public:
  // Loads the manifest: from the state when no manifest file has changed, else by parsing. Waits
  // for another build of the directory, unless this process was started by it; then the session is
  // read_only. Throws what parse_manifest() throws.
  BuildSession(SessionOptions options, Disk& disk, WarningSink warn);
  ~BuildSession() override;

  State& state() { return saved_->state; }
  const ninja::Graph& graph() const { return saved_->state.graph; }

  // The targets to build when none is named. Throws as Graph::roots().
  std::vector<ninja::NodeId> default_targets() const;

  // True when nothing that the default targets or the manifest look at has changed since a build
  // that found or made all of it up to date.
  bool nothing_changed();

  // Runs the edge that makes the manifest, if there is one and it has to. True when the manifest
  // changed: the caller then opens a new session. `result` is that of the build.
  bool rebuild_manifest(CommandRunner& runner, BuildStatus& status, BuildResult& result);
  BuildResult build(std::span<const ninja::NodeId> targets, CommandRunner& runner,
                    BuildStatus& status);

 private:
  struct Parts;

  void load();
  bool manifests_hold();
  void parse_again();
  void write_anew();
  Parts& parts();
  void edge_changed(ninja::EdgeId edge) override;
  void look_at(std::span<const ninja::NodeId> targets);
  void mark_changed(std::span<const ninja::NodeId> nodes);
  BuildResult run(std::span<const ninja::NodeId> targets, CommandRunner& runner,
                  BuildStatus& status);
  void adopt_all();
  void keep();
  void conclude(bool all_up_to_date);
  void fold(bool all_up_to_date);
  std::optional<std::vector<ninja::NodeId>> concluded_closure();
  bool holds(ninja::EdgeId edge);
  bool one_must_run_for_times();
  void find_affected(std::span<const ninja::NodeId> targets);
  std::vector<ninja::EdgeId> concerned_edges() const;
  bool conclude_in_journal();

  SessionOptions options_;
  Disk& disk_;
  WarningSink warn_;
  std::optional<FileLock> lock_;
  std::optional<StateFile> file_;
  std::optional<SavedState> saved_;
  bool is_first_build_ = false;  // nothing is known yet
  Digest environment_before_;    // of the build before
  std::unique_ptr<Parts> parts_;
  Marks marks_;
  std::vector<ninja::EdgeId> changed_edges_;  // not yet in the journal
  // Since the last conclusion.
  std::vector<ninja::NodeId> new_nodes_;
  std::vector<ninja::EdgeId> new_edges_;
  int64_t began_;                   // Disk::file_time()
  bool closure_is_probed_ = false;  // and every change since then is in marks_
  bool manifests_moved_ = false;    // their identities are not those of the state any more
};

}  // namespace cntr::engine
