#include "engine/adoption.h"

#include <utility>

#include "engine/dyndep_loader.h"

namespace cntr::engine {

using ninja::EdgeId;
using ninja::NodeId;

namespace {

using Runs = std::vector<std::pair<EdgeId, NinjaHistory::Run>>;

// The runs, each one after those that made what it read: the content of a stamp is that of its
// run.
class InOrder {
 public:
  InOrder(const State& state, Decider& decider, Runs& runs)
      : state_(state), decider_(decider), runs_(runs), places_(state.graph.edge_count(), kNoRun) {
    for (size_t i = 0; i < runs.size(); ++i) places_[runs[i].first] = i;
  }

  Runs take() {
    for (const auto& [edge, run] : runs_) visit(edge);
    Runs ordered;
    ordered.reserve(order_.size());
    for (const size_t place : order_) ordered.push_back(std::move(runs_[place]));
    return ordered;
  }

 private:
  static constexpr size_t kNoRun = SIZE_MAX;

  void enter(EdgeId edge) {
    const size_t place = std::exchange(places_[edge], kNoRun);
    if (place != kNoRun) stack_.push_back({place, decider_.inputs(edge)});
  }

  void visit(EdgeId edge) {
    enter(edge);
    while (!stack_.empty()) {
      if (stack_.back().inputs.empty()) {
        order_.push_back(stack_.back().place);
        stack_.pop_back();
        continue;
      }
      const EdgeId producer = state_.graph.producer(stack_.back().inputs.back());
      stack_.back().inputs.pop_back();
      if (producer != ninja::kNone) enter(producer);
    }
  }

  struct Frame {
    size_t place;
    std::vector<NodeId> inputs;  // still to be visited
  };

  const State& state_;
  Decider& decider_;
  Runs& runs_;
  std::vector<size_t> places_;  // by edge: of its run, until it is visited
  std::vector<Frame> stack_;
  std::vector<size_t> order_;
};

}  // namespace

std::vector<EdgeId> adopt(State& state, Disk& disk, FileTable& files, Decider& decider,
                          Recorder& recorder, NinjaHistory& history) {
  load_readable_dyndeps(state, disk);
  std::vector<NodeId> nodes(state.graph.node_count());
  for (NodeId node = 0; node < nodes.size(); ++node) nodes[node] = node;
  files.probe(nodes);

  // First all decisions, which need only times, so that the files can then be read together.
  Runs runs;
  nodes.clear();
  for (EdgeId edge = 0; edge < state.graph.edge_count(); ++edge) {
    if (state.graph.has(edge, ninja::kPhony)) continue;
    std::optional<NinjaHistory::Run> run = history.clean_run(edge);
    if (!run) continue;
    for (const NodeId node : decider.inputs(edge)) nodes.push_back(node);
    for (const NodeId node : decider.outputs(edge)) nodes.push_back(node);
    for (const std::string& path : run->discovered) nodes.push_back(state.node(path));
    runs.emplace_back(edge, std::move(*run));
  }
  files.read(std::move(nodes));

  std::vector<EdgeId> adopted;
  for (const auto& [edge, run] : InOrder(state, decider, runs).take()) {
    recorder.adopt(edge, run.discovered, run.duration_ms);
    history.record_adopted(edge, run);
    adopted.push_back(edge);
  }
  return adopted;
}

}  // namespace cntr::engine
