#include "engine/affected_edges.h"

#include <algorithm>

namespace cntr::engine {

using ninja::EdgeId;
using ninja::NodeId;

namespace {

// Manifests mostly name what makes a file before what reads it, so a few passes are enough.
constexpr int kMostPasses = 16;

bool any_of(const Flags& nodes, std::span<const NodeId> of) {
  return std::any_of(of.begin(), of.end(), [&nodes](NodeId node) { return nodes[node] != 0; });
}

bool any_of(const Flags& nodes, std::span<const Link> of) {
  return std::any_of(of.begin(), of.end(),
                     [&nodes](const Link& link) { return nodes[link.node] != 0; });
}

}  // namespace

Flags flags_of(std::span<const uint32_t> numbers, size_t size) {
  Flags flags(size);
  for (const uint32_t number : numbers) flags[number] = 1;
  return flags;
}

std::optional<Affected> affected_edges(const State& state, const Flags& changed) {
  const ninja::Graph& graph = state.graph;
  Affected affected{Flags(graph.edge_count()), changed};
  auto& [edges, nodes] = affected;
  nodes.resize(graph.node_count());
  bool found = true;
  for (int pass = 0; found; ++pass) {
    if (pass == kMostPasses) return std::nullopt;
    found = false;
    for (EdgeId edge = 0; edge < edges.size(); ++edge) {
      if (edges[edge] != 0) continue;
      const auto links = state.links_of(state.records[edge]);
      if (!graph.has(edge, ninja::kGenerator) && !any_of(nodes, graph.outputs(edge)) &&
          !any_of(nodes, graph.all_inputs(edge)) && !any_of(nodes, graph.validations(edge)) &&
          !any_of(nodes, links)) {
        continue;
      }
      if (graph.edge(edge).dyndep != ninja::kNone) return std::nullopt;
      edges[edge] = 1;
      found = true;
      for (const NodeId output : graph.outputs(edge)) nodes[output] = 1;
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
