// What a Graph is made of. Private to the sources that make, read and write graphs.
#pragma once

#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ninja/graph.h"
#include "ninja/text_index.h"

namespace cntr::ninja {

// The manifest's part of a graph. Indices and texts are in bounds.
struct GraphArrays {
  std::span<const char> characters;  // what every Text is a piece of
  std::span<const Text> paths;       // of the nodes
  std::span<const EdgeId> producers;
  std::span<const Edge> edges;
  std::span<const NodeId> edge_nodes;
  std::span<const Digest> command_digests;  // of the edges
  std::span<const Rule> rules;
  std::span<const Pool> pools;
  std::span<const Scope> scopes;  // a parent stands before its children
  std::span<const Variable> variables;
  std::span<const NodeId> defaults;
  std::span<const ManifestFile> manifests;
  std::span<const IndexSlot> index;  // of the paths

  std::string_view text(Text piece) const { return {characters.data() + piece.offset, piece.size}; }
  std::span<const NodeId> nodes(const Edge& edge, size_t skipped, size_t count) const {
    return edge_nodes.subspan(edge.first_node + skipped, count);
  }
};

// Calls `visit` with each array, always in the same order.
template <class Arrays, class Visit>
void for_each_array(Arrays& arrays, Visit visit) {
  visit(arrays.characters);
  visit(arrays.paths);
  visit(arrays.producers);
  visit(arrays.edges);
  visit(arrays.edge_nodes);
  visit(arrays.command_digests);
  visit(arrays.rules);
  visit(arrays.pools);
  visit(arrays.scopes);
  visit(arrays.variables);
  visit(arrays.defaults);
  visit(arrays.manifests);
  visit(arrays.index);
}

// The same arrays, owned: a graph that was parsed.
struct GraphStorage {
  std::vector<char> characters;
  std::vector<Text> paths;
  std::vector<EdgeId> producers;
  std::vector<Edge> edges;
  std::vector<NodeId> edge_nodes;
  std::vector<Digest> command_digests;
  std::vector<Rule> rules;
  std::vector<Pool> pools;
  std::vector<Scope> scopes;
  std::vector<Variable> variables;
  std::vector<NodeId> defaults;
  std::vector<ManifestFile> manifests;
  std::vector<IndexSlot> index;

  GraphArrays arrays() const {
    return {characters, paths,     producers, edges,     edge_nodes, command_digests, rules, pools,
            scopes,     variables, defaults,  manifests, index};
  }
};

struct DyndepAddition {
  std::vector<NodeId> outputs;
  std::vector<NodeId> inputs;
  bool restat = false;
};

struct Graph::Data {
  GraphArrays manifest;
  std::unique_ptr<const GraphStorage> storage;  // what `manifest` refers to; empty for an image
  std::vector<EdgeId> producers;                // of all nodes, with what dyndep files added
  std::deque<std::string> added_paths;          // of the nodes that no manifest names
  TextIndex added_index;
  std::unordered_map<EdgeId, DyndepAddition> dyndep;

  size_t manifest_nodes() const { return manifest.paths.size(); }
};

}  // namespace cntr::ninja
