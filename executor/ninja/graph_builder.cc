#include "ninja/graph_builder.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "ninja/edge_variables.h"
#include "ninja/final_bindings.h"

namespace cntr::ninja {

namespace {

// What a compile edge of CMake's takes of a manifest at least.
constexpr size_t kBytesAnEdge = 256;

Error too_large() { return user_error("the build files are too large: more than 4 GB of text"); }

}  // namespace

std::string_view FileScope::value(std::string_view name) const {
  for (const FileScope* scope = this; scope != nullptr; scope = scope->parent) {
    const auto found = scope->variables.find(name);
    if (found != scope->variables.end()) return found->second;
  }
  return {};
}

uint32_t FileScope::find_rule(std::string_view name) const {
  for (const FileScope* scope = this; scope != nullptr; scope = scope->parent) {
    const auto found = scope->rules.find(name);
    if (found != scope->rules.end()) return found->second;
  }
  return kNone;
}

// The variables of the edge that is being made.
class GraphBuilder::CurrentEdge {
 public:
  CurrentEdge(const GraphBuilder& builder, Graph::Escape escape)
      : builder_(builder), arrays_(builder.data_.arrays()), escape_(escape) {}

  std::optional<std::string_view> own(std::string_view name) const {
    if (builder_.edge_.scope == builder_.edge_scope_->id) {
      const auto found = builder_.edge_scope_->variables.find(name);
      if (found == builder_.edge_scope_->variables.end()) return std::nullopt;
      return found->second;
    }
    const Variable* variable = builder_.find_edge_variable(name);
    if (variable == nullptr) return std::nullopt;
    return arrays_.text(variable->value);
  }

  std::optional<std::string_view> rule_text(std::string_view name) const {
    return ninja::rule_text(arrays_, arrays_.rules[builder_.edge_.rule], name);
  }

  std::string_view outer_value(std::string_view name) const {
    const FileScope* scope = builder_.edge_scope_;
    if (builder_.edge_.scope == scope->id) scope = scope->parent;
    return scope == nullptr ? std::string_view() : scope->value(name);
  }

  void append_in(char separator, std::string& out) const {
    const Edge& edge = builder_.edge_;
    append_paths(
        arrays_,
        arrays_.nodes(edge, edge.explicit_outputs + edge.implicit_outputs, edge.explicit_inputs),
        separator, escape_, out);
  }

  void append_out(std::string& out) const {
    const Edge& edge = builder_.edge_;
    append_paths(arrays_, arrays_.nodes(edge, 0, edge.explicit_outputs), ' ', escape_, out);
  }

 private:
  const GraphBuilder& builder_;
  const GraphArrays arrays_;
  const Graph::Escape escape_;
};

GraphBuilder::GraphBuilder(size_t expected_bytes)
    : node_index_(expected_bytes / kBytesAnEdge), text_index_(expected_bytes / kBytesAnEdge) {
  const size_t edges = expected_bytes / kBytesAnEdge;
  // Memory that is not used costs nothing, moving all that is used does.
  data_.characters.reserve(expected_bytes);
  data_.edges.reserve(edges);
  data_.edge_nodes.reserve(4 * edges);
  data_.paths.reserve(2 * edges);
  data_.producers.reserve(2 * edges);
  data_.scopes.reserve(edges);
  data_.variables.reserve(6 * edges);

  data_.rules.push_back({add_text("phony"), 0, 0, 0});
  add_pool("", 0);
  add_pool("console", 1);
}

FileScope& GraphBuilder::add_file_scope(const FileScope* parent) {
  FileScope& scope = file_scopes_.emplace_back();
  scope.parent = parent;
  scope.id = static_cast<uint32_t>(data_.scopes.size());
  if (parent == nullptr) scope.rules.emplace("phony", kPhonyRule);
  data_.scopes.push_back({parent == nullptr ? kNone : parent->id, 0, 0});
  return scope;
}

uint32_t GraphBuilder::add_manifest(std::string_view path) {
  data_.manifests.push_back({add_text(path), {}});
  return static_cast<uint32_t>(data_.manifests.size() - 1);
}

void GraphBuilder::set_manifest_digest(uint32_t manifest, const Digest& digest) {
  data_.manifests[manifest].digest = digest;
}

void GraphBuilder::add_rule(FileScope& scope, std::string_view name,
                            const std::map<std::string, std::string, std::less<>>& values) {
  const auto first = static_cast<uint32_t>(data_.variables.size());
  for (const auto& [key, value] : values) {
    data_.variables.push_back({add_text(key), add_text(value)});
  }
  scope.rules.emplace(name, static_cast<uint32_t>(data_.rules.size()));
  data_.rules.push_back({add_text(name), scope.id, first, static_cast<uint32_t>(values.size())});
}

uint32_t GraphBuilder::find_pool(std::string_view name) const {
  const auto found = pools_.find(name);
  return found == pools_.end() ? kNone : found->second;
}

void GraphBuilder::add_pool(std::string_view name, uint32_t depth) {
  pools_.emplace(name, static_cast<uint32_t>(data_.pools.size()));
  data_.pools.push_back({add_text(name), depth});
}

bool GraphBuilder::add_default(std::string_view path) {
  const NodeId found = find_node(index_hash(path), path);
  if (found == kNone) return false;
  data_.defaults.push_back(found);
  return true;
}

void GraphBuilder::begin_edge(uint32_t rule, const FileScope& scope, uint32_t file, uint32_t line) {
  edge_ = Edge();
  edge_.first_node = static_cast<uint32_t>(data_.edge_nodes.size());
  edge_.rule = rule;
  edge_.scope = scope.id;
  edge_.file = file;
  edge_.line = line;
  edge_scope_ = &scope;
  first_edge_variable_ = static_cast<uint32_t>(data_.variables.size());
}

std::span<Variable> GraphBuilder::edge_variables() {
  return std::span(data_.variables).subspan(first_edge_variable_);
}

void GraphBuilder::add_variable(Text name, Text value) {
  // Equal names are the same text.
  for (Variable& variable : edge_variables()) {
    if (variable.name.offset == name.offset && variable.name.size == name.size) {
      variable.value = value;
      return;
    }
  }
  data_.variables.push_back({name, value});
}

void GraphBuilder::end_variables() {
  const std::span<Variable> variables = edge_variables();
  const auto by_name = [this](const Variable& a, const Variable& b) {
    return text(a.name) < text(b.name);
  };
  if (!std::is_sorted(variables.begin(), variables.end(), by_name)) {
    std::sort(variables.begin(), variables.end(), by_name);
  }
  edge_.scope = static_cast<uint32_t>(data_.scopes.size());
  data_.scopes.push_back(
      {edge_scope_->id, first_edge_variable_, static_cast<uint32_t>(variables.size())});
}

const Variable* GraphBuilder::find_edge_variable(std::string_view name) const {
  for (size_t at = first_edge_variable_; at < data_.variables.size(); ++at) {
    if (text(data_.variables[at].name) == name) return &data_.variables[at];
  }
  return nullptr;
}

std::string_view GraphBuilder::path_variable(std::string_view name) const {
  const Variable* variable = find_edge_variable(name);
  return variable != nullptr ? text(variable->value) : edge_scope_->value(name);
}

std::string GraphBuilder::binding(std::string_view name, Graph::Escape escape) const {
  const CurrentEdge edge(*this, escape);
  std::string value;
  Evaluation(edge).append(name, value);
  return value;
}

std::string_view GraphBuilder::first_output() const {
  return text(data_.paths[data_.edge_nodes[edge_.first_node]]);
}

GraphBuilder::OutputState GraphBuilder::add_output(std::string_view path, bool implicit) {
  const NodeId output = node(path);
  EdgeId& producer = data_.producers[output];
  const auto edge = static_cast<EdgeId>(data_.edges.size());
  if (producer != kNone) return producer == edge ? OutputState::kTwice : OutputState::kOthers;
  producer = edge;
  data_.edge_nodes.push_back(output);
  ++(implicit ? edge_.implicit_outputs : edge_.explicit_outputs);
  return OutputState::kAdded;
}

void GraphBuilder::add_input(std::string_view path, uint32_t Edge::*section) {
  data_.edge_nodes.push_back(node(path));
  ++(edge_.*section);
}

bool GraphBuilder::mend_phony_cycle() {
  const NodeId output = data_.edge_nodes[edge_.first_node];
  bool found = false;
  const auto drop = [&](size_t first, uint32_t& count) {
    const auto begin = data_.edge_nodes.begin() + static_cast<ptrdiff_t>(first);
    const auto end = begin + count;
    const auto kept = std::remove(begin, end, output);
    if (kept == end) return;
    found = true;
    count = static_cast<uint32_t>(kept - begin);
    data_.edge_nodes.erase(kept, end);
  };
  const size_t inputs = edge_.first_node + edge_.explicit_outputs;
  drop(inputs, edge_.explicit_inputs);
  drop(inputs + edge_.explicit_inputs, edge_.order_only_inputs);
  return found;
}

bool GraphBuilder::set_dyndep(std::string_view path) {
  edge_.dyndep = node(path);
  const std::span<const NodeId> inputs =
      std::span<const NodeId>(data_.edge_nodes)
          .subspan(edge_.first_node + edge_.explicit_outputs + edge_.implicit_outputs,
                   edge_.explicit_inputs + edge_.implicit_inputs + edge_.order_only_inputs);
  return std::find(inputs.begin(), inputs.end(), edge_.dyndep) != inputs.end();
}

void GraphBuilder::end_edge() {
  if (data_.edge_nodes.size() >= kNone) throw too_large();
  data_.edges.push_back(edge_);
}

Text GraphBuilder::append_text(std::string_view text) {
  const size_t offset = data_.characters.size();
  if (text.size() > UINT32_MAX - offset) throw too_large();
  data_.characters.insert(data_.characters.end(), text.begin(), text.end());
  return {static_cast<uint32_t>(offset), static_cast<uint32_t>(text.size())};
}

Text GraphBuilder::add_text(std::string_view wanted) {
  const uint32_t id = text_index_.find_or_add(
      index_hash(wanted), [&](uint32_t known) { return text(texts_[known]) == wanted; },
      [&] {
        texts_.push_back(append_text(wanted));
        return static_cast<uint32_t>(texts_.size() - 1);
      });
  return texts_[id];
}

uint32_t GraphBuilder::find_node(uint32_t hash, std::string_view path) const {
  return node_index_.find(hash, [&](NodeId known) { return text(data_.paths[known]) == path; });
}

NodeId GraphBuilder::node(std::string_view path) {
  return node_index_.find_or_add(
      index_hash(path), [&](NodeId known) { return text(data_.paths[known]) == path; },
      [&] {
        data_.paths.push_back(append_text(path));
        data_.producers.push_back(kNone);
        return static_cast<NodeId>(data_.paths.size() - 1);
      });
}

void GraphBuilder::store_file_scopes() {
  for (const FileScope& file : file_scopes_) {
    Scope& scope = data_.scopes[file.id];
    scope.first_variable = static_cast<uint32_t>(data_.variables.size());
    scope.variables = static_cast<uint32_t>(file.variables.size());
    for (const auto& [name, value] : file.variables) {
      data_.variables.push_back({add_text(name), add_text(value)});
    }
  }
}

Graph GraphBuilder::finish() {
  store_file_scopes();
  data_.index = node_index_.take();
  evaluate_final_bindings(data_);

  auto data = std::make_unique<Graph::Data>();
  data->producers = data_.producers;
  data->storage = std::make_unique<const GraphStorage>(std::move(data_));
  data->manifest = data->storage->arrays();
  return Graph(std::move(data));
}

}  // namespace cntr::ninja
