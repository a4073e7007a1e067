#include "ninja/graph.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "ninja/edge_variables.h"
#include "ninja/graph_data.h"

namespace cntr::ninja {

namespace {

// The rule of this name in the main manifest; nullptr when there is none.
const Rule* find_main_rule(const GraphArrays& graph, std::string_view name) {
  const auto found = std::find_if(graph.rules.begin(), graph.rules.end(), [&](const Rule& rule) {
    return rule.scope == 0 && graph.text(rule.name) == name;
  });
  return found == graph.rules.end() ? nullptr : &*found;
}

std::string unparsed(std::string_view text) {
  std::string out;
  bool in_name = false;
  for (const char c : text) {
    if (c != '\0') {
      out += c;
      continue;
    }
    out += in_name ? "}" : "${";
    in_name = !in_name;
  }
  return out;
}

}  // namespace

Graph::Graph() : data_(std::make_unique<Data>()) {}
Graph::Graph(std::unique_ptr<Data> data) : data_(std::move(data)) {}
Graph::~Graph() = default;
Graph::Graph(Graph&&) noexcept = default;
Graph& Graph::operator=(Graph&&) noexcept = default;

size_t Graph::node_count() const { return data_->producers.size(); }
size_t Graph::manifest_nodes() const { return data_->manifest_nodes(); }

std::string_view Graph::path(NodeId node) const {
  const size_t known = data_->manifest_nodes();
  if (node < known) return data_->manifest.text(data_->manifest.paths[node]);
  return data_->added_paths[node - known];
}

EdgeId Graph::producer(NodeId node) const { return data_->producers[node]; }

std::optional<NodeId> Graph::find(std::string_view canonical_path) const {
  const uint32_t hash = index_hash(canonical_path);
  const auto equal = [&](NodeId node) { return path(node) == canonical_path; };
  if (const IndexSlot* slot = find_slot(data_->manifest.index, hash, equal);
      slot != nullptr && slot->id != kNone) {
    return slot->id;
  }
  const NodeId added = data_->added_index.find(hash, equal);
  return added == kNone ? std::nullopt : std::optional(added);
}

NodeId Graph::add_node(std::string_view canonical_path) {
  const uint32_t hash = index_hash(canonical_path);
  const auto equal = [&](NodeId node) { return path(node) == canonical_path; };
  if (const IndexSlot* slot = find_slot(data_->manifest.index, hash, equal);
      slot != nullptr && slot->id != kNone) {
    return slot->id;
  }
  return data_->added_index.find_or_add(hash, equal, [&] {
    if (data_->producers.size() >= kNone) throw user_error("the build graph has too many files");
    data_->added_paths.emplace_back(canonical_path);
    data_->producers.push_back(kNone);
    return static_cast<NodeId>(data_->producers.size() - 1);
  });
}

size_t Graph::edge_count() const { return data_->manifest.edges.size(); }
const Edge& Graph::edge(EdgeId edge) const { return data_->manifest.edges[edge]; }

std::span<const NodeId> Graph::outputs(EdgeId id) const {
  const Edge& e = edge(id);
  return data_->manifest.nodes(e, 0, e.explicit_outputs + e.implicit_outputs);
}

std::span<const NodeId> Graph::explicit_inputs(EdgeId id) const {
  return all_inputs(id).first(edge(id).explicit_inputs);
}

std::span<const NodeId> Graph::implicit_inputs(EdgeId id) const {
  return all_inputs(id).subspan(edge(id).explicit_inputs, edge(id).implicit_inputs);
}

std::span<const NodeId> Graph::dependencies(EdgeId id) const {
  return all_inputs(id).first(edge(id).explicit_inputs + edge(id).implicit_inputs);
}

std::span<const NodeId> Graph::order_only_inputs(EdgeId id) const {
  return all_inputs(id).last(edge(id).order_only_inputs);
}

std::span<const NodeId> Graph::all_inputs(EdgeId id) const {
  const Edge& e = edge(id);
  return data_->manifest.nodes(e, e.explicit_outputs + e.implicit_outputs,
                               e.explicit_inputs + e.implicit_inputs + e.order_only_inputs);
}

std::span<const NodeId> Graph::validations(EdgeId id) const {
  const Edge& e = edge(id);
  const std::span<const NodeId> inputs = all_inputs(id);
  return {inputs.data() + inputs.size(), e.validations};
}

bool Graph::restat(EdgeId edge) const {
  if (has(edge, kRestat)) return true;
  const auto added = data_->dyndep.find(edge);
  return added != data_->dyndep.end() && added->second.restat;
}

std::span<const NodeId> Graph::dyndep_outputs(EdgeId edge) const {
  const auto added = data_->dyndep.find(edge);
  if (added == data_->dyndep.end()) return {};
  return added->second.outputs;
}

std::span<const NodeId> Graph::dyndep_inputs(EdgeId edge) const {
  const auto added = data_->dyndep.find(edge);
  if (added == data_->dyndep.end()) return {};
  return added->second.inputs;
}

void Graph::add_dyndep(EdgeId edge, std::vector<NodeId> outputs, std::vector<NodeId> inputs,
                       bool restat) {
  const std::span<const NodeId> declared = this->outputs(edge);
  for (auto output = outputs.begin(); output != outputs.end(); ++output) {
    EdgeId& producer = data_->producers[*output];
    const bool twice = std::find(declared.begin(), declared.end(), *output) != declared.end() ||
                       std::find(outputs.begin(), output, *output) != output;
    if (twice || (producer != kNone && producer != edge)) {
      throw user_error("multiple rules generate " + std::string(path(*output)));
    }
    producer = edge;
  }
  data_->dyndep[edge] = {std::move(outputs), std::move(inputs), restat};
}

std::string Graph::binding(EdgeId id, std::string_view name, Escape escape) const {
  std::string value;
  append_binding(data_->manifest, edge(id), name, escape, value);
  return value;
}

std::string Graph::command_text(EdgeId id) const {
  std::string text;
  append_command_text(data_->manifest, edge(id), text);
  return text;
}

const Digest& Graph::command_digest(EdgeId edge) const {
  return data_->manifest.command_digests[edge];
}

std::string Graph::variable(std::string_view name) const {
  if (data_->manifest.scopes.empty()) return {};
  return std::string(scope_value(data_->manifest, 0, name));
}

std::string_view Graph::rule_name(EdgeId id) const {
  return data_->manifest.text(data_->manifest.rules[edge(id).rule].name);
}

std::vector<std::string_view> Graph::rule_names() const {
  std::vector<std::string_view> names;
  for (size_t rule = kPhonyRule + 1; rule < data_->manifest.rules.size(); ++rule) {
    const Rule& it = data_->manifest.rules[rule];
    if (it.scope == 0) names.push_back(data_->manifest.text(it.name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string Graph::rule_binding_source(std::string_view rule, std::string_view name) const {
  const Rule* found = find_main_rule(data_->manifest, rule);
  if (found == nullptr) return {};
  return unparsed(rule_text(data_->manifest, *found, name).value_or(""));
}

std::string_view Graph::pool_name(uint32_t pool) const {
  return data_->manifest.text(data_->manifest.pools[pool].name);
}

uint32_t Graph::pool_depth(uint32_t pool) const { return data_->manifest.pools[pool].depth; }
size_t Graph::pool_count() const { return data_->manifest.pools.size(); }

std::span<const NodeId> Graph::defaults() const { return data_->manifest.defaults; }

std::vector<NodeId> Graph::roots() const {
  std::vector<bool> used(manifest_nodes());
  for (EdgeId id = 0; id < edge_count(); ++id) {
    for (const NodeId input : all_inputs(id)) used[input] = true;
  }
  std::vector<NodeId> roots;
  for (EdgeId id = 0; id < edge_count(); ++id) {
    for (const NodeId output : outputs(id)) {
      if (!used[output]) roots.push_back(output);
    }
  }
  if (roots.empty() && edge_count() > 0) {
    throw user_error("could not determine root nodes of build graph");
  }
  return roots;
}

std::span<const ManifestFile> Graph::manifests() const { return data_->manifest.manifests; }
std::string_view Graph::text(Text text) const { return data_->manifest.text(text); }

}  // namespace cntr::ninja
