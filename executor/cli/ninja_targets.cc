#include "cli/ninja_targets.h"

#include <algorithm>

#include "base/error.h"
#include "cli/spelling.h"
#include "ninja/canonical_path.h"

namespace cntr::cli {

using ninja::EdgeId;
using ninja::Graph;
using ninja::NodeId;

namespace {

bool contains(std::span<const NodeId> nodes, NodeId node) {
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

bool is_discovered_by(const engine::State& state, EdgeId edge, NodeId node) {
  const auto discovered = state.discovered_of(state.records[edge]);
  return std::any_of(discovered.begin(), discovered.end(),
                     [node](const engine::Link& link) { return link.node == node; });
}

// The state also knows files of earlier manifests; they are no targets any more.
bool is_of_this_graph(const engine::State& state, NodeId node) {
  const Graph& graph = state.graph;
  if (node < graph.manifest_nodes() || graph.producer(node) != ninja::kNone) return true;
  for (EdgeId edge = 0; edge < graph.edge_count(); ++edge) {
    if (is_discovered_by(state, edge, node)) return true;
  }
  return false;
}

// The first output of the first edge that reads the node: by the manifest, else by what an earlier
// run found.
NodeId first_dependent(const engine::State& state, NodeId node) {
  const Graph& graph = state.graph;
  for (EdgeId edge = 0; edge < graph.edge_count(); ++edge) {
    if (contains(graph.all_inputs(edge), node)) return graph.outputs(edge).front();
  }
  for (EdgeId edge = 0; edge < graph.edge_count(); ++edge) {
    if (is_discovered_by(state, edge, node)) return graph.outputs(edge).front();
  }
  throw user_error("'" + std::string(graph.path(node)) + "' has no out edge");
}

Error unknown_target(const Graph& graph, const std::string& path) {
  const std::string text = "unknown target '" + path + "'";
  if (path == "clean") return user_error(text + ", did you mean 'ninja -t clean'?");
  if (path == "help") return user_error(text + ", did you mean 'ninja -h'?");
  std::string best;
  size_t best_distance = 4;
  for (NodeId node = 0; node < graph.manifest_nodes(); ++node) {
    const size_t distance = edit_distance(path, graph.path(node), best_distance - 1);
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = graph.path(node);
    if (distance == 0) break;
  }
  return user_error(best.empty() ? text : text + ", did you mean '" + best + "'?");
}

}  // namespace

NodeId find_target(const engine::State& state, const std::string& name) {
  const Graph& graph = state.graph;
  if (name.empty()) throw user_error("empty path");
  std::string path = name;
  ninja::canonicalize(path);
  const bool dependent = path.size() > 1 && path.back() == '^';
  if (dependent) path.pop_back();
  std::optional<NodeId> node = graph.find(path);
  const std::string builddir = graph.variable("builddir");
  if (!node && !builddir.empty()) {
    std::string below = builddir + "/" + path;
    ninja::canonicalize(below);
    node = graph.find(below);
  }
  if (!node || !is_of_this_graph(state, *node)) throw unknown_target(graph, path);
  return dependent ? first_dependent(state, *node) : *node;
}

std::vector<NodeId> find_targets(const engine::State& state,
                                 const std::vector<std::string>& names) {
  std::vector<NodeId> nodes;
  if (names.empty()) {
    const std::span<const NodeId> defaults = state.graph.defaults();
    if (defaults.empty()) return state.graph.roots();
    return {defaults.begin(), defaults.end()};
  }
  for (const std::string& name : names) nodes.push_back(find_target(state, name));
  return nodes;
}

}  // namespace cntr::cli
