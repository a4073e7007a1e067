// Which edges of a graph a build needs, in which order they may run, and which of them need not.
//
// Every needed edge is in one state:
//
//   kClean    nothing to do
//   kPassive  nothing to do either, but an edge before it, by order only, is not done yet: what is
//             behind this one waits for that
//   kMaybe    an edge before it may run; whether this one must is decided when they are done
//   kReady    all edges before it are done; waits for its turn
//   kRunning  its command runs
//   kDone     it ran, or was found clean after kMaybe, in this build
//   kFailed   its command failed; what depends on it stays kMaybe to the end
//
// Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "engine/build_status.h"
#include "engine/state.h"
#include "engine/zeroed_array.h"

namespace cntr::engine {

class Plan {
 public:
  // What the planning of an edge needs from outside.
  struct Hooks {
    // Called for a dyndep file that is there and final, once; reads it into the graph. True when
    // edges got outputs by it.
    std::function<bool(ninja::NodeId dyndep)> load_dyndep;
    // Is this edge clean, given that all its inputs are final? Not for phony edges.
    std::function<bool(ninja::EdgeId)> is_clean;
    // Does the file exist? Of sources only.
    std::function<bool(ninja::NodeId)> exists;
    // Is this edge clean, and all that it needs too? Then it is not gone into. May be empty.
    std::function<bool(ninja::EdgeId)> is_untouched = nullptr;
  };

  Plan(State& state, Hooks hooks) : state_(state), hooks_(std::move(hooks)) {}

  // Plans the building of these nodes. Throws a user Error for a cycle ("dependency cycle: a -> b
  // -> a") and for a source that is not there ("'x', needed by 'y', missing and no known rule to
  // make it").
  void add_targets(std::span<const ninja::NodeId> targets);
  // The outputs of this edge are final: reads those of them that are dyndep files, and plans what
  // has not begun again. True when there was one.
  bool load_dyndeps_of(ninja::EdgeId edge);

  // The nodes that building the targets looks at: all inputs and outputs of the needed edges, each
  // once. Nothing is decided for it.
  static std::vector<ninja::NodeId> nodes_of(const State& state,
                                             std::span<const ninja::NodeId> targets);

  // An edge whose inputs are final, and which is to be decided: the longest way to the end first;
  // nullopt when there is none within the limits of its pool. Then it is done(), or must_run().
  std::optional<ninja::EdgeId> next_to_decide() { return pop(undecided_); }
  void must_run(ninja::EdgeId edge) { push(runnable_, edge); }
  // The next of those that must run. It is kRunning then.
  std::optional<ninja::EdgeId> next_to_run();
  bool has_runnable() const { return !runnable_.empty(); }
  // Its command has succeeded (`ran`), or it was found clean: what waited for it may become ready.
  void done(ninja::EdgeId edge, bool ran);
  void failed(ninja::EdgeId edge);

  // Edges with a command that may still run, run, or ran in this build.
  const WorkTotal& total() const { return total_; }
  // How long it took last time, as it was counted in total().
  std::optional<int64_t> counted_ms(ninja::EdgeId edge) const;
  // Edges that are neither clean nor done.
  size_t unfinished() const { return unfinished_; }

 private:
  enum class Phase : uint8_t {
    kUnseen = 0,  // what a new array has
    kVisiting,
    kClean,
    kPassive,
    kMaybe,
    kReady,
    kRunning,
    kDone,
    kFailed
  };

  struct Frame {
    ninja::EdgeId edge;
    ninja::NodeId through;    // the output by which it was reached
    bool discovered = false;  // by an input that only an earlier run told of
    size_t next_input = 0;
    bool dyndep_entered = false;
  };

  Phase phase(ninja::EdgeId edge) const { return phases_[edge]; }
  bool may_change(ninja::EdgeId edge) const;
  bool unfinished(ninja::EdgeId edge) const;
  void visit(ninja::NodeId target);
  void go_through_stack();
  void enter(ninja::NodeId node, bool discovered);
  bool leave_discovered_cycle(ninja::EdgeId edge);
  ninja::NodeId input(ninja::EdgeId edge, size_t index, bool& discovered) const;
  void leave(const Frame& frame);
  bool dyndep_is_final(ninja::EdgeId edge) const;
  bool waits_for_content(ninja::EdgeId edge) const;
  bool waits_for_order(ninja::EdgeId edge) const;
  void check_sources(const Frame& frame, bool order_only_too) const;
  [[noreturn]] void report_cycle(ninja::NodeId node) const;
  void plan_targets();
  void forget_open_edges();
  template <typename Function>
  void for_each_dependent(ninja::EdgeId edge, Function function) const;
  template <typename Function>
  void for_each_unfinished_producer(ninja::EdgeId edge, Function function) const;
  void link_unfinished();
  void compute_weights();
  int64_t duration(ninja::EdgeId edge) const;
  void count(ninja::EdgeId edge);
  void uncount(ninja::EdgeId edge);
  void make_ready(ninja::EdgeId edge);
  void finish(ninja::EdgeId edge);
  void release_pool(ninja::EdgeId edge);

  State& state_;
  Hooks hooks_;
  std::vector<ninja::NodeId> targets_;
  ZeroedArray<Phase> phases_;
  std::vector<Frame> stack_;
  std::vector<ninja::EdgeId> order_;        // needed edges, an edge after those that it needs
  ZeroedArray<uint32_t> rank_;              // by edge: its place in order_
  std::vector<ninja::NodeId> validations_;  // still to be visited
  ZeroedArray<uint32_t> waits_;             // by edge: pending edges before it
  // Pending edges after each edge, as lists: by edge the place in dependents_ behind the first one,
  // and from there on to the next. 0 ends a list.
  struct Dependent {
    ninja::EdgeId edge;
    uint32_t next;
  };
  ZeroedArray<uint32_t> first_dependent_;
  std::vector<Dependent> dependents_;
  ZeroedArray<int64_t> weights_;  // by edge: the longest way to the end, in milliseconds

  bool later(ninja::EdgeId a, ninja::EdgeId b) const;
  void push(std::vector<ninja::EdgeId>& heap, ninja::EdgeId edge);
  std::optional<ninja::EdgeId> pop(std::vector<ninja::EdgeId>& heap);
  // Edges in the state kReady, as heaps.
  std::vector<ninja::EdgeId> undecided_;
  std::vector<ninja::EdgeId> runnable_;
  std::vector<uint32_t> pool_use_;                   // by pool: edges that run
  std::vector<std::vector<ninja::EdgeId>> delayed_;  // by pool: ready, but the pool is full

  std::unordered_set<ninja::NodeId> dyndeps_;         // that edges in the plan name
  std::unordered_set<ninja::NodeId> loaded_dyndeps_;  // of these
  bool producers_changed_ = false;                    // by a dyndep file, after edges were visited
  std::vector<ninja::EdgeId> executed_;
  ZeroedArray<uint32_t> counted_ms_;  // by edge: its part of total_; 0 when unknown
  WorkTotal total_;
  size_t unfinished_ = 0;
};

}  // namespace cntr::engine
