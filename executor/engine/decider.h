// Does an edge have to run? Decided by what its last run read and wrote (State) and what is in
// these files now (FileTable), never by times; only `generator` edges go by times, as CMake needs,
// and what makes a precompiled header looks at them as well, as clang does.
//
// Not thread-safe.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/file_table.h"
#include "engine/state.h"

namespace cntr::engine {

// One thing that makes an edge run.
struct Reason {
  enum class Kind {
    kNoRecord,       // no run of it is remembered
    kAction,         // its command or response file changed
    kVariables,      // a named variable changed
    kActionUnsure,   // one of these two
    kOutputMissing,  // of `node`
    kOutputChanged,  // somebody else wrote `node`
    kInputChanged,
    kInputMissing,  // an input is gone
    kInputAdded,    // the manifest names an input that it did not
    kInputRemoved,
    kAlwaysNew,   // a phony without inputs and without a file
    kProgram,     // the program that the command starts
    kOlder,       // of a generator edge: an output is older than `node`
    kTouched,     // `node`, of which an edge makes a precompiled header
    kFailedLast,  // the last run failed, or has no record because an input changed meanwhile
  };
  Kind kind = Kind::kNoRecord;
  ninja::NodeId node = ninja::kNone;
};

class Decider {
 public:
  // `environment` identifies the values of the variables that the project named; a default Digest
  // when it named none. `environment_before`: that of the build before.
  Decider(State& state, FileTable& files, const Digest& environment,
          const Digest& environment_before = {})
      : state_(state),
        files_(files),
        environment_(environment),
        environment_before_(environment_before) {}

  // The first reason to run, or every one of them. Empty: the edge is clean. Looks only at what is
  // there now, so it must be asked when all inputs are made. Not for phony edges.
  std::vector<Reason> reasons(ninja::EdgeId edge, bool all = false);
  bool must_run(ninja::EdgeId edge) { return !reasons(edge).empty(); }

  // For a person: "input src/a.h: content changed".
  std::string text(const Reason& reason) const;

  // What identifies the action itself, without its inputs.
  Digest action(ninja::EdgeId edge) const { return action(edge, environment_); }
  // The inputs whose content counts: explicit and implicit ones, also from a dyndep file, with
  // phony edges replaced by what they stand for, and with the shared libraries that a program or a
  // library was linked with: it loads them whenever it runs. Sorted, each once.
  std::vector<ninja::NodeId> inputs(ninja::EdgeId edge);
  std::vector<ninja::NodeId> outputs(ninja::EdgeId edge) const;
  // The shared libraries that the file was linked with, and theirs.
  const std::vector<ninja::NodeId>& loaded_with(ninja::NodeId node);
  // A phony without inputs and without a file: new in every build.
  bool is_always_new(ninja::NodeId node);

  // The program of this path is no longer what PATH leads to.
  void program_moved(ninja::NodeId node) { moved_programs_.insert(node); }
  bool has_moved_programs() const { return !moved_programs_.empty(); }
  // What was learnt of phony edges does not hold any more: a dyndep file was loaded.
  void forget_aliases() {
    aliases_.clear();
    loaded_.clear();
  }

 private:
  Digest action(ninja::EdgeId edge, const Digest& environment) const;
  Reason changed_action(ninja::EdgeId edge) const;
  using Nodes = std::vector<ninja::NodeId>;
  const Nodes& alias(ninja::EdgeId phony);
  void append_input(ninja::NodeId node, Nodes& to);
  void compare_inputs(ninja::EdgeId edge, const EdgeRecord& record, bool all,
                      std::vector<Reason>& found);
  void compare_times(ninja::EdgeId edge, const EdgeRecord& record, std::vector<Reason>& found);
  std::vector<Reason> generator_reasons(ninja::EdgeId edge);

  State& state_;
  FileTable& files_;
  Digest environment_;
  Digest environment_before_;
  std::unordered_map<ninja::EdgeId, Nodes> aliases_;
  std::unordered_map<ninja::EdgeId, Nodes> loaded_;
  std::unordered_set<ninja::NodeId> moved_programs_;
};

}  // namespace cntr::engine
