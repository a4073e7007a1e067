#include "engine/affected_edges.h"

#include <algorithm>
#include <utility>

namespace cntr::engine {

using ninja::EdgeId;
using ninja::NodeId;

namespace {

// Of edges that ran; one that reads what another makes has mostly run after it.
constexpr int kMostPasses = 16;

bool any_of(const Flags& nodes, std::span<const Link> links) {
  return std::any_of(links.begin(), links.end(),
                     [&nodes](const Link& link) { return nodes[link.node]; });
}

// Goes from what changed to what depends on it.
class Spreading {
 public:
  Spreading(const State& state, const ReaderIndex& index)
      : state_(state),
        index_(index),
        affected_{Flags(state.graph.edge_count()), Flags(state.graph.node_count())} {}

  // False, as below, when it cannot be told what depends on it.
  bool add(std::optional<std::span<const EdgeId>> edges) {
    return edges && std::all_of(edges->begin(), edges->end(),
                                [this](EdgeId edge) { return add_edge(edge); });
  }
  void add_node(NodeId node) {
    if (affected_.nodes[node]) return;
    affected_.nodes[node] = true;
    open_.push_back(node);
  }
  bool follow() {
    while (!open_.empty()) {
      const NodeId node = open_.back();
      open_.pop_back();
      const EdgeId producer = state_.graph.producer(node);
      if (producer != ninja::kNone && !add_edge(producer)) return false;
      if (!add(index_.readers(node))) return false;
    }
    return true;
  }
  bool follow(std::span<const EdgeId> ran) {
    if (!follow()) return false;
    bool more = true;
    for (int passes = 0; more; ++passes) {
      if (passes == kMostPasses) return false;
      more = false;
      for (const EdgeId edge : ran) {
        if (affected_.edges[edge]) continue;
        if (!any_of(affected_.nodes, state_.links_of(state_.records[edge]))) continue;
        if (!add_edge(edge) || !follow()) return false;
        more = true;
      }
    }
    return true;
  }

  Affected take() { return std::move(affected_); }

 private:
  bool add_edge(EdgeId edge) {
    if (affected_.edges[edge]) return true;
    affected_.edges[edge] = true;
    for (const NodeId output : state_.graph.outputs(edge)) add_node(output);
    return state_.graph.edge(edge).dyndep == ninja::kNone;
  }

  const State& state_;
  const ReaderIndex& index_;
  Affected affected_;
  std::vector<NodeId> open_;  // whose readers are not there yet
};

}  // namespace

Flags flags_of(std::span<const uint32_t> numbers, size_t size) {
  Flags flags(size);
  for (const uint32_t number : numbers) flags[number] = true;
  return flags;
}

std::optional<Affected> affected_edges(const State& state, const ReaderIndex& index,
                                       std::span<const EdgeId> ran,
                                       std::span<const uint8_t> changed) {
  Spreading spreading(state, index);
  for (NodeId node = 0; node < changed.size(); ++node) {
    if (changed[node] != 0) spreading.add_node(node);
  }
  if (!spreading.add(index.by_times()) || !spreading.follow(ran)) return std::nullopt;
  return spreading.take();
}

std::vector<EdgeId> edges_with(const State& state, const Flags& nodes) {
  std::vector<EdgeId> found;
  for (EdgeId edge = 0; edge < state.graph.edge_count(); ++edge) {
    if (any_of(nodes, state.links_of(state.records[edge]))) found.push_back(edge);
  }
  return found;
}

}  // namespace cntr::engine
