#include "engine/affected_edges.h"

#include <algorithm>

#include "engine/zeroed_array.h"

namespace cntr::engine {

using ninja::EdgeId;
using ninja::NodeId;

namespace {

// Manifests mostly name what makes a file before what reads it, so a few passes are enough.
constexpr int kMostPasses = 16;

NodeId node_of(NodeId node) { return node; }
NodeId node_of(const Link& link) { return link.node; }

template <typename T>
bool any_of(const Flags& nodes, std::span<const T> of) {
  return std::any_of(of.begin(), of.end(), [&](const T& one) { return nodes[node_of(one)]; });
}

// What is known while all edges are gone through, one after the other.
class Pass {
 public:
  Pass(const State& state, Flags& nodes) : state_(state), nodes_(nodes), read_(nodes.size()) {}

  bool concerns(EdgeId edge) {
    const ninja::Graph& graph = state_.graph;
    const EdgeRecord& record = state_.records[edge];
    const auto links = state_.links_of(record);
    bool reads = graph.looks_at_times(edge);
    reads |= read(graph.all_inputs(edge));
    reads |= read(graph.validations(edge));
    reads |= read(links.first(links.size() - record.outputs));
    return reads || any_of(nodes_, graph.outputs(edge)) ||
           any_of(nodes_, links.last(record.outputs));
  }
  // True when an edge that was gone through before has read it.
  bool add(NodeId output) {
    nodes_[output] = true;
    return read_[output] != 0;
  }

 private:
  template <typename T>
  bool read(std::span<const T> inputs) {
    bool found = false;
    for (const T& input : inputs) {
      found |= nodes_[node_of(input)];
      read_[node_of(input)] = 1;
    }
    return found;
  }

  const State& state_;
  Flags& nodes_;
  ZeroedArray<uint8_t> read_;  // by node; bytes, because it is mostly written to
};

}  // namespace

Flags flags_of(std::span<const uint32_t> numbers, size_t size) {
  Flags flags(size);
  for (const uint32_t number : numbers) flags[number] = true;
  return flags;
}

std::optional<Affected> affected_edges(const State& state, std::span<const uint8_t> changed) {
  const ninja::Graph& graph = state.graph;
  Affected affected{Flags(graph.edge_count()), Flags(graph.node_count())};
  auto& [edges, nodes] = affected;
  for (NodeId node = 0; node < changed.size(); ++node) {
    if (changed[node] != 0) nodes[node] = true;
  }
  Pass pass(state, nodes);
  bool missed = true;
  for (int passes = 0; missed; ++passes) {
    if (passes == kMostPasses) return std::nullopt;
    missed = false;
    for (EdgeId edge = 0; edge < edges.size(); ++edge) {
      if (edges[edge] || !pass.concerns(edge)) continue;
      if (graph.edge(edge).dyndep != ninja::kNone) return std::nullopt;
      edges[edge] = true;
      for (const NodeId output : graph.outputs(edge)) missed |= pass.add(output);
    }
  }
  return affected;
}

std::vector<EdgeId> edges_with(const State& state, const Flags& nodes) {
  std::vector<EdgeId> found;
  for (EdgeId edge = 0; edge < state.graph.edge_count(); ++edge) {
    if (any_of(nodes, state.links_of(state.records[edge]))) found.push_back(edge);
  }
  return found;
}

}  // namespace cntr::engine
