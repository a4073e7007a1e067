// Looks at everything that a graph says, so that a sanitizer sees every index.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "ninja/graph.h"

namespace cntr::ninja {

inline size_t walk_nodes(const Graph& graph) {
  size_t seen = 0;
  for (NodeId node = 0; node < graph.node_count(); ++node) {
    seen += graph.find(graph.path(node)).value_or(0) + graph.producer(node);
  }
  for (const NodeId node : graph.defaults()) seen += graph.path(node).size();
  for (const ManifestFile& file : graph.manifests()) seen += graph.text(file.path).size();
  return seen;
}

inline size_t walk_edge(const Graph& graph, EdgeId edge) {
  size_t seen = graph.rule_name(edge).size() + graph.pool_name(graph.edge(edge).pool).size();
  for (const NodeId node : graph.outputs(edge)) seen += graph.path(node).size();
  for (const NodeId node : graph.all_inputs(edge)) seen += graph.path(node).size();
  for (const NodeId node : graph.validations(edge)) seen += graph.path(node).size();
  seen += graph.command_digest(edge).data()[0];
  try {
    seen += graph.command_text(edge).size() +
            graph.binding(edge, "depfile", Graph::Escape::kRaw).size() +
            graph.binding(edge, "description").size();
  } catch (const Error&) {
    ++seen;  // variables that refer to themselves, or make more text than is allowed
  }
  return seen;
}

// A sum of what was seen. Throws what the graph's functions throw for a graph that is whole.
inline size_t walk(const Graph& graph) {
  size_t seen = walk_nodes(graph);
  for (EdgeId edge = 0; edge < graph.edge_count(); ++edge) seen += walk_edge(graph, edge);
  for (const std::string_view rule : graph.rule_names()) {
    seen += graph.rule_binding_source(rule, "command").size();
  }
  try {
    seen += graph.roots().size();
  } catch (const Error&) {
    ++seen;  // nothing but cycles
  }
  return seen + graph.variable("builddir").size();
}

}  // namespace cntr::ninja
