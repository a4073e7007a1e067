// Keeps a State on disk, in the folder ".cntr_ninja" of the build directory:
//
//   state    graph and state as they lie in memory, mapped at the next start
//   readers  the ReaderIndex of it
//   journal  what a build learnt since `state` was written, one record after the other
//
// A build appends to the journal and folds it into a new `state` at its end when it has grown. Both
// are checksummed; a torn journal is read up to the tear, anything else that is damaged, of another
// version or of another machine is a warning and counts as not there, so that what it knew is
// unknown. docs/formats.md describes the bytes.
//
// Whoever opens it for writing holds the lock of the build directory (BuildLock).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "base/warning.h"
#include "engine/reader_index.h"
#include "engine/state.h"

namespace cntr::engine {

// A State as it was read, and what the last build concluded.
struct SavedState {
  State state;
  std::vector<Identity> manifests;  // of Graph::manifests(), when they were read
  Digest environment;               // see Decider
  // The nodes that the default targets and the manifest look at, as of the last build that found or
  // made all of them up to date; nullopt when none did. They still are while no such node changes
  // and nothing is new since.
  std::optional<std::vector<ninja::NodeId>> closure;
  // Of each edge, whether it was found clean.
  std::vector<uint8_t> clean;
  // What the journal said that is not in the state: to be looked at as if it had changed.
  std::vector<ninja::NodeId> suspect_nodes;
  std::vector<ninja::EdgeId> suspect_edges;
  // Of these, what was new after the last conclusion.
  std::vector<ninja::NodeId> new_nodes;
  std::vector<ninja::EdgeId> new_edges;
  uint64_t id = 0;             // of the state file
  uint64_t journal_bytes = 0;  // that were read
};

// What to write of a state beside the state itself.
struct Conclusion {
  std::vector<Identity> manifests;
  Digest environment;
  std::optional<std::vector<ninja::NodeId>> closure;
  std::vector<uint8_t> clean;
};

class StateFile {
 public:
  // `folder` is the ".cntr_ninja" folder; nothing is made yet.
  StateFile(std::string folder, WarningSink warn);

  // Whether there is one, be it usable or not.
  bool exists() const;
  // nullopt when there is none that can be used.
  std::optional<SavedState> load();

  // The index of the state that was loaded. nullptr when there is none that can be used.
  std::unique_ptr<const ReaderIndex> readers(const SavedState& saved) const;

  // The journal of the state that was read goes on; nothing is written yet.
  void continue_journal(const SavedState& saved);
  // Writes a new state file, with an empty journal. Unused links and digests are left out, so the
  // rest has new numbers: to append to it, load() it first.
  void write(const State& state, const Conclusion& conclusion);
  // Appends what is new to the journal that continue_journal() named; without one it does nothing.
  // After a failed write (a full disk) it warns once, and nothing more is kept.
  void append(const State& state, std::span<const ninja::NodeId> memos,
              std::span<const ninja::EdgeId> edges);
  // Appends that all is up to date again, and what the closure has more. As append().
  void append_conclusion(std::span<const ninja::NodeId> added);
  bool worth_folding() const;

 private:
  void open_journal();
  void put(uint32_t kind, std::string_view payload);
  void write_buffer();

  std::string folder_;
  WarningSink warn_;
  bool appends_ = false;  // to the journal, which is opened for the first record
  UniqueFd journal_;
  std::string buffer_;
  uint64_t id_ = 0;  // of the state
  uint64_t state_bytes_ = 0;
  uint64_t journal_bytes_ = 0;  // of the journal that count; 0: it has to begin anew
  // How much of the state the files know already.
  size_t known_nodes_ = 0;
  size_t known_contents_ = 0;
  size_t known_programs_ = 0;
};

}  // namespace cntr::engine
