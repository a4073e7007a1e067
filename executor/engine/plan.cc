#include "engine/plan.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace cntr::engine {

using ninja::EdgeId;
using ninja::Graph;
using ninja::NodeId;

// Whether the outputs of the edge may still become others.
bool Plan::may_change(EdgeId edge) const {
  const Phase phase = phases_[edge];
  return phase == Phase::kMaybe || phase == Phase::kReady || phase == Phase::kRunning ||
         phase == Phase::kFailed;
}

bool Plan::unfinished(EdgeId edge) const {
  return may_change(edge) || phases_[edge] == Phase::kPassive;
}

int64_t Plan::duration(EdgeId edge) const {
  if (state_.graph.has(edge, ninja::kPhony)) return 0;
  return std::max<int64_t>(state_.records[edge].duration_ms, 1);
}

// The inputs of an edge by number: the manifest's, then a dyndep file's, then discovered ones.
// kNone past the last.
NodeId Plan::input(EdgeId edge, size_t index, bool& discovered) const {
  discovered = false;
  const auto declared = state_.graph.all_inputs(edge);
  if (index < declared.size()) return declared[index];
  index -= declared.size();
  const auto added = state_.graph.dyndep_inputs(edge);
  if (index < added.size()) return added[index];
  index -= added.size();
  discovered = true;
  const auto found = state_.discovered_of(state_.records[edge]);
  return index < found.size() ? found[index].node : ninja::kNone;
}

void Plan::add_targets(std::span<const NodeId> targets) {
  targets_.insert(targets_.end(), targets.begin(), targets.end());
  if (phases_.size() == 0) {
    phases_ = ZeroedArray<Phase>(state_.graph.edge_count());
    counted_ms_ = ZeroedArray<uint32_t>(state_.graph.edge_count());
  }
  plan_targets();
}

// Edges that run or are done keep their phase; all others are unseen again.
void Plan::forget_open_edges() {
  total_ = {};
  for (const EdgeId edge : executed_) count(edge);
  unfinished_ = 0;
  for (EdgeId edge = 0; edge < phases_.size(); ++edge) {
    Phase& phase = phases_[edge];
    if (phase == Phase::kReady && state_.graph.pool_depth(state_.graph.edge(edge).pool) != 0) {
      --pool_use_[state_.graph.edge(edge).pool];
    }
    if (phase == Phase::kClean || phase == Phase::kPassive || phase == Phase::kMaybe ||
        phase == Phase::kReady) {
      phase = Phase::kUnseen;
    }
    if (phase == Phase::kRunning || phase == Phase::kFailed) ++unfinished_;
    if (phase == Phase::kRunning) count(edge);
  }
  order_.clear();
  // Those of edges that are visited again come again.
  validations_.clear();
  for (EdgeId edge = 0; edge < phases_.size(); ++edge) {
    if (phases_[edge] == Phase::kUnseen) continue;
    const auto validations = state_.graph.validations(edge);
    validations_.insert(validations_.end(), validations.begin(), validations.end());
  }
}

void Plan::count(EdgeId edge) {
  if (state_.graph.has(edge, ninja::kPhony)) return;
  ++total_.commands;
  if (counted_ms_[edge] == 0) counted_ms_[edge] = state_.records[edge].duration_ms;
  if (counted_ms_[edge] == 0) return;
  ++total_.timed;
  total_.timed_ms += counted_ms_[edge];
}

void Plan::uncount(EdgeId edge) {
  --total_.commands;
  if (counted_ms_[edge] == 0) return;
  --total_.timed;
  total_.timed_ms -= counted_ms_[edge];
}

std::optional<int64_t> Plan::counted_ms(EdgeId edge) const {
  if (counted_ms_[edge] == 0) return std::nullopt;
  return counted_ms_[edge];
}

bool Plan::load_dyndeps_of(EdgeId edge) {
  bool loaded = false;
  const auto load = [this, &loaded](NodeId output) {
    if (!dyndeps_.contains(output) || !loaded_dyndeps_.insert(output).second) return;
    hooks_.load_dyndep(output);
    loaded = true;
  };
  for (const NodeId output : state_.graph.outputs(edge)) load(output);
  for (const NodeId output : state_.graph.dyndep_outputs(edge)) load(output);
  if (!loaded) return false;
  forget_open_edges();
  plan_targets();
  return true;
}

void Plan::plan_targets() {
  do {
    // Edges that were visited before a dyndep file named new producers may have missed them.
    if (std::exchange(producers_changed_, false)) forget_open_edges();
    for (const NodeId target : targets_) visit(target);
    // Going through one may find more.
    for (size_t i = 0; i < validations_.size(); ++i) {
      enter(validations_[i], false);
      go_through_stack();
    }
  } while (producers_changed_);
  if (unfinished_ != 0) link_unfinished();
}

void Plan::visit(NodeId target) {
  if (state_.graph.producer(target) == ninja::kNone && !hooks_.exists(target)) {
    throw user_error("'" + std::string(state_.graph.path(target)) +
                     "' missing and no known rule to make it");
  }
  enter(target, false);
  go_through_stack();
}

void Plan::go_through_stack() {
  while (!stack_.empty()) {
    Frame& frame = stack_.back();
    const EdgeId edge = frame.edge;
    const NodeId dyndep = state_.graph.edge(edge).dyndep;
    if (dyndep != ninja::kNone && !frame.dyndep_entered) {
      frame.dyndep_entered = true;
      dyndeps_.insert(dyndep);
      enter(dyndep, false);
      continue;
    }
    if (dyndep != ninja::kNone && frame.next_input == 0 && dyndep_is_final(edge) &&
        loaded_dyndeps_.insert(dyndep).second) {
      producers_changed_ |= hooks_.load_dyndep(dyndep);
    }
    bool discovered = false;
    const NodeId next = input(edge, stack_.back().next_input, discovered);
    if (next != ninja::kNone) {
      ++stack_.back().next_input;
      enter(next, discovered);
      continue;
    }
    const Frame left = stack_.back();
    stack_.pop_back();
    leave(left);
  }
}

// Goes into the node's producer, unless that has been done.
void Plan::enter(NodeId node, bool discovered) {
  const EdgeId edge = state_.graph.producer(node);
  if (edge == ninja::kNone) return;
  if (phases_[edge] == Phase::kVisiting) {
    // What an earlier run discovered may be out of date; the manifest may not.
    if (!discovered && !leave_discovered_cycle(edge)) report_cycle(node);
    return;
  }
  if (phases_[edge] != Phase::kUnseen) return;
  if (hooks_.is_untouched && hooks_.is_untouched(edge)) {
    phases_[edge] = Phase::kClean;
    return;
  }
  phases_[edge] = Phase::kVisiting;
  stack_.push_back({edge, node, discovered});
}

// When the way from `edge` to here leads through something discovered: goes back to before that,
// as if it had not been entered.
bool Plan::leave_discovered_cycle(EdgeId edge) {
  size_t top = stack_.size();
  while (stack_[top - 1].edge != edge && !stack_[top - 1].discovered) --top;
  if (stack_[top - 1].edge == edge) return false;
  for (size_t i = top - 1; i < stack_.size(); ++i) phases_[stack_[i].edge] = Phase::kUnseen;
  stack_.resize(top - 1);
  return true;
}

void Plan::report_cycle(NodeId node) const {
  const EdgeId edge = state_.graph.producer(node);
  const auto begin = std::find_if(stack_.begin(), stack_.end(),
                                  [edge](const Frame& frame) { return frame.edge == edge; });
  std::string text = "dependency cycle: ";
  text += state_.graph.path(node);
  for (auto frame = begin + 1; frame != stack_.end(); ++frame) {
    text += " -> ";
    text += state_.graph.path(frame->through);
  }
  text += " -> ";
  text += state_.graph.path(node);
  const ninja::Edge& last = state_.graph.edge(edge);
  if (begin + 1 == stack_.end() && state_.graph.has(edge, ninja::kPhony) &&
      last.explicit_outputs == 1 && last.implicit_outputs == 0 && last.implicit_inputs == 0) {
    text += " [-w phonycycle=err]";  // otherwise the parser would have mended it
  }
  throw user_error(text);
}

bool Plan::dyndep_is_final(EdgeId edge) const {
  const EdgeId producer = state_.graph.producer(state_.graph.edge(edge).dyndep);
  return producer == ninja::kNone || !may_change(producer);
}

bool Plan::waits_for_content(EdgeId edge) const {
  const auto is_open = [this](NodeId node) {
    const EdgeId producer = state_.graph.producer(node);
    return producer != ninja::kNone && may_change(producer);
  };
  const auto declared = state_.graph.dependencies(edge);
  if (std::any_of(declared.begin(), declared.end(), is_open)) return true;
  const auto added = state_.graph.dyndep_inputs(edge);
  if (std::any_of(added.begin(), added.end(), is_open)) return true;
  const auto found = state_.discovered_of(state_.records[edge]);
  return std::any_of(found.begin(), found.end(),
                     [&](const Link& link) { return is_open(link.node); });
}

bool Plan::waits_for_order(EdgeId edge) const {
  bool waits = false;
  for_each_unfinished_producer(edge, [&waits](EdgeId) { waits = true; });
  return waits;
}

void Plan::check_sources(const Frame& frame, bool order_only_too) const {
  const auto inputs =
      order_only_too ? state_.graph.all_inputs(frame.edge) : state_.graph.dependencies(frame.edge);
  const auto check = [this, &frame](NodeId node) {
    if (state_.graph.producer(node) != ninja::kNone || hooks_.exists(node)) return;
    throw user_error("'" + std::string(state_.graph.path(node)) + "', needed by '" +
                     std::string(state_.graph.path(frame.through)) +
                     "', missing and no known rule to make it");
  };
  for (const NodeId node : inputs) check(node);
  for (const NodeId node : state_.graph.dyndep_inputs(frame.edge)) check(node);
}

void Plan::leave(const Frame& frame) {
  const EdgeId edge = frame.edge;
  const auto validations = state_.graph.validations(edge);
  validations_.insert(validations_.end(), validations.begin(), validations.end());
  order_.push_back(edge);
  check_sources(frame, false);

  const bool dyndep_known = state_.graph.edge(edge).dyndep == ninja::kNone || dyndep_is_final(edge);
  const bool clean = dyndep_known && !waits_for_content(edge) &&
                     (state_.graph.has(edge, ninja::kPhony) || hooks_.is_clean(edge));
  if (clean && !waits_for_order(edge)) {
    phases_[edge] = Phase::kClean;
    return;
  }
  check_sources(frame, true);
  ++unfinished_;
  phases_[edge] = clean ? Phase::kPassive : Phase::kMaybe;
  if (!clean) count(edge);
}

template <typename Function>
void Plan::for_each_dependent(EdgeId edge, Function function) const {
  for (uint32_t at = first_dependent_[edge]; at != 0; at = dependents_[at - 1].next) {
    function(dependents_[at - 1].edge);
  }
}

template <typename Function>
void Plan::for_each_unfinished_producer(EdgeId edge, Function function) const {
  bool discovered = false;
  for (size_t i = 0;; ++i) {
    const NodeId node = input(edge, i, discovered);
    if (node == ninja::kNone) return;
    const EdgeId producer = state_.graph.producer(node);
    if (producer == ninja::kNone || producer == edge || !unfinished(producer)) continue;
    function(producer);
  }
}

void Plan::link_unfinished() {
  const size_t edges = state_.graph.edge_count();
  rank_ = ZeroedArray<uint32_t>(edges);
  for (size_t i = 0; i < order_.size(); ++i) rank_[order_[i]] = static_cast<uint32_t>(i + 1);
  waits_ = ZeroedArray<uint32_t>(edges);
  first_dependent_ = ZeroedArray<uint32_t>(edges);
  dependents_.clear();
  undecided_.clear();
  runnable_.clear();
  pool_use_.resize(state_.graph.pool_count());
  delayed_.assign(state_.graph.pool_count(), {});

  std::vector<EdgeId> before;
  // From the last to the first, because each is put before those that a list has already.
  for (auto next = order_.rbegin(); next != order_.rend(); ++next) {
    const EdgeId edge = *next;
    if (!unfinished(edge)) continue;
    before.clear();
    for_each_unfinished_producer(edge, [&](EdgeId producer) {
      // A rank that is not lower belongs to a cycle through something discovered long ago.
      if (rank_[producer] < rank_[edge]) before.push_back(producer);
    });
    std::sort(before.begin(), before.end());
    before.erase(std::unique(before.begin(), before.end()), before.end());
    waits_[edge] = static_cast<uint32_t>(before.size());
    for (const EdgeId producer : before) {
      dependents_.push_back({edge, first_dependent_[producer]});
      first_dependent_[producer] = static_cast<uint32_t>(dependents_.size());
    }
  }
  compute_weights();
  for (const EdgeId edge : order_) {
    if (phases_[edge] == Phase::kMaybe && waits_[edge] == 0) make_ready(edge);
  }
}

void Plan::compute_weights() {
  weights_ = ZeroedArray<int64_t>(state_.graph.edge_count());
  for (auto edge = order_.rbegin(); edge != order_.rend(); ++edge) {
    int64_t longest = 0;
    for_each_dependent(*edge,
                       [&](EdgeId dependent) { longest = std::max(longest, weights_[dependent]); });
    weights_[*edge] = longest + duration(*edge);
  }
}

bool Plan::later(EdgeId a, EdgeId b) const {
  if (weights_[a] != weights_[b]) return weights_[a] < weights_[b];
  return a > b;
}

void Plan::make_ready(EdgeId edge) {
  const uint32_t pool = state_.graph.edge(edge).pool;
  const uint32_t depth = state_.graph.pool_depth(pool);
  phases_[edge] = Phase::kMaybe;
  if (depth != 0 && pool_use_[pool] >= depth) {
    delayed_[pool].push_back(edge);
    return;
  }
  if (depth != 0) ++pool_use_[pool];
  phases_[edge] = Phase::kReady;
  push(undecided_, edge);
}

void Plan::push(std::vector<EdgeId>& heap, EdgeId edge) {
  heap.push_back(edge);
  std::push_heap(heap.begin(), heap.end(), [this](EdgeId a, EdgeId b) { return later(a, b); });
}

std::optional<EdgeId> Plan::pop(std::vector<EdgeId>& heap) {
  if (heap.empty()) return std::nullopt;
  std::pop_heap(heap.begin(), heap.end(), [this](EdgeId a, EdgeId b) { return later(a, b); });
  const EdgeId edge = heap.back();
  heap.pop_back();
  return edge;
}

void Plan::release_pool(EdgeId edge) {
  const uint32_t pool = state_.graph.edge(edge).pool;
  if (state_.graph.pool_depth(pool) == 0) return;
  --pool_use_[pool];
  std::vector<EdgeId>& waiting = delayed_[pool];
  if (waiting.empty()) return;
  const auto first = std::max_element(waiting.begin(), waiting.end(),
                                      [this](EdgeId a, EdgeId b) { return later(a, b); });
  const EdgeId next = *first;
  waiting.erase(first);
  make_ready(next);
}

std::optional<EdgeId> Plan::next_to_run() {
  const std::optional<EdgeId> edge = pop(runnable_);
  if (edge) phases_[*edge] = Phase::kRunning;
  return edge;
}

void Plan::done(EdgeId edge, bool ran) {
  if (!state_.graph.has(edge, ninja::kPhony)) {
    if (ran) {
      executed_.push_back(edge);
    } else {
      uncount(edge);
    }
  }
  release_pool(edge);
  finish(edge);
}

// What waited for this edge waits for one less; passive edges pass that on.
void Plan::finish(EdgeId edge) {
  std::vector<EdgeId> finished = {edge};
  while (!finished.empty()) {
    const EdgeId last = finished.back();
    finished.pop_back();
    phases_[last] = Phase::kDone;
    --unfinished_;
    for_each_dependent(last, [&](EdgeId dependent) {
      if (--waits_[dependent] != 0) return;
      if (phases_[dependent] == Phase::kPassive) {
        finished.push_back(dependent);
      } else {
        make_ready(dependent);
      }
    });
  }
}

void Plan::failed(EdgeId edge) {
  phases_[edge] = Phase::kFailed;
  executed_.push_back(edge);
  release_pool(edge);
}

std::vector<NodeId> Plan::nodes_of(const State& state, std::span<const NodeId> targets) {
  const Graph& graph = state.graph;
  std::vector<uint8_t> seen_nodes(graph.node_count());
  std::vector<uint8_t> seen_edges(graph.edge_count());
  std::vector<NodeId> nodes;
  std::vector<EdgeId> edges;
  const auto see = [&](NodeId node) {
    if (seen_nodes[node] != 0) return;
    seen_nodes[node] = 1;
    nodes.push_back(node);
    const EdgeId edge = graph.producer(node);
    if (edge == ninja::kNone || seen_edges[edge] != 0) return;
    seen_edges[edge] = 1;
    edges.push_back(edge);
  };
  for (const NodeId target : targets) see(target);
  while (!edges.empty()) {
    const EdgeId edge = edges.back();
    edges.pop_back();
    for (const NodeId node : graph.outputs(edge)) see(node);
    for (const NodeId node : graph.all_inputs(edge)) see(node);
    for (const NodeId node : graph.validations(edge)) see(node);
    for (const Link& link : state.links_of(state.records[edge])) see(link.node);
  }
  return nodes;
}

}  // namespace cntr::engine
