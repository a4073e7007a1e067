#include "ninja/graph_image.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <type_traits>
#include <utility>

#include "base/error.h"
#include "ninja/edge_variables.h"
#include "ninja/graph_data.h"

namespace cntr::ninja {

namespace {

constexpr uint32_t kMagic = 0x47'4a'4e'43;  // "CNJG"; in the other byte order it is another number
constexpr uint32_t kVersion = 1;
constexpr size_t kAlignment = 8;
constexpr size_t kArrays = 13;

// The image: this, then the arrays in the order of for_each_array(), each aligned.
struct Header {
  uint32_t magic = kMagic;
  uint32_t version = kVersion;
  std::array<uint32_t, kArrays> item_sizes{};
  uint32_t unused = 0;
  std::array<uint64_t, kArrays> counts{};
};
static_assert(sizeof(Header) % kAlignment == 0);

Error damaged() { return user_error("the stored build graph is damaged"); }

void check(bool good) {
  if (!good) throw damaged();
}

size_t aligned(size_t size) { return (size + kAlignment - 1) / kAlignment * kAlignment; }

Header header_of(const GraphArrays& graph) {
  Header header;
  size_t at = 0;
  for_each_array(graph, [&](const auto& array) {
    header.item_sizes.at(at) = sizeof(array[0]);
    header.counts.at(at++) = array.size();
  });
  return header;
}

// Points the arrays into the bytes.
GraphArrays arrays_of(std::span<const std::byte> bytes) {
  check(bytes.size() >= sizeof(Header));
  check(reinterpret_cast<uintptr_t>(bytes.data()) % kAlignment == 0);
  Header header;
  std::memcpy(&header, bytes.data(), sizeof(Header));
  check(header.magic == kMagic && header.version == kVersion);
  check(header.item_sizes == header_of({}).item_sizes);

  GraphArrays graph;
  size_t array_number = 0;
  std::span<const std::byte> rest = bytes.subspan(sizeof(Header));
  for_each_array(graph, [&](auto& array) {
    using Item = typename std::remove_reference_t<decltype(array)>::element_type;
    static_assert(std::is_trivially_copyable_v<Item> && alignof(Item) <= kAlignment);
    const uint64_t count = header.counts[array_number++];
    check(count <= rest.size() / sizeof(Item) && count <= kNone);
    array = {reinterpret_cast<Item*>(rest.data()), static_cast<size_t>(count)};
    rest = rest.subspan(std::min(rest.size(), aligned(array.size_bytes())));
  });
  check(rest.empty());
  return graph;
}

// Everything that an access to the graph relies on.
class Checker {
 public:
  explicit Checker(const GraphArrays& graph) : graph_(graph) {}

  void check_all() const {
    check(graph_.producers.size() == graph_.paths.size());
    check(graph_.command_digests.size() == graph_.edges.size());
    check(graph_.rules.size() > kPhonyRule && graph_.pools.size() > kConsolePool);
    check(!graph_.scopes.empty());
    check_index();
    check_texts(graph_.paths, [](Text path) { return end_of(path); });
    check_texts(graph_.rules, [](const Rule& rule) { return end_of(rule.name); });
    check_texts(graph_.pools, [](const Pool& pool) { return end_of(pool.name); });
    check_texts(graph_.manifests, [](const ManifestFile& file) { return end_of(file.path); });
    check_texts(graph_.variables, [](const Variable& variable) {
      return std::max(end_of(variable.name), end_of(variable.value));
    });
    check_nodes(graph_.edge_nodes);
    check_nodes(graph_.defaults);
    for (const Rule& rule : graph_.rules) check_rule(rule);
    for (size_t scope = 0; scope < graph_.scopes.size(); ++scope) check_scope(scope);
    check_edges();
  }

 private:
  static uint64_t end_of(Text text) { return uint64_t{text.offset} + text.size; }

  // One comparison after a loop without branches: these are the long arrays.
  template <class Item, class EndOf>
  void check_texts(std::span<const Item> items, EndOf end_of_item) const {
    uint64_t end = 0;
    for (const Item& item : items) end = std::max<uint64_t>(end, end_of_item(item));
    check(end <= graph_.characters.size());
  }

  void check_nodes(std::span<const NodeId> nodes) const {
    NodeId highest = 0;
    for (const NodeId node : nodes) highest = std::max(highest, node);
    check(nodes.empty() || highest < graph_.paths.size());
  }

  void check_range(size_t first, size_t count, size_t size) const {
    check(first <= size && count <= size - first);
  }

  void check_index() const {
    check(std::has_single_bit(graph_.index.size()));
    size_t used = 0;
    NodeId highest = 0;
    for (const IndexSlot& slot : graph_.index) {
      const bool in_use = slot.id != kNone;
      used += in_use ? 1 : 0;
      highest = std::max(highest, in_use ? slot.id : 0);
    }
    check(used == 0 || highest < graph_.paths.size());
    // A free slot ends each search.
    check(used == graph_.paths.size() && used < graph_.index.size());
  }

  void check_rule(const Rule& rule) const {
    check(rule.scope < graph_.scopes.size());
    check(rule.bindings <= kRuleVariables.size());
    check_range(rule.first_binding, rule.bindings, graph_.variables.size());
  }

  void check_scope(size_t number) const {
    const Scope& scope = graph_.scopes[number];
    // Upwards only, so that a search for a variable ends.
    check(number == 0 ? scope.parent == kNone : scope.parent < number);
    check_range(scope.first_variable, scope.variables, graph_.variables.size());
  }

  void check_edges() const {
    size_t nodes = 0;
    size_t outputs = 0;
    for (EdgeId id = 0; id < graph_.edges.size(); ++id) {
      const Edge& edge = graph_.edges[id];
      // One edge's nodes after the other's: what visits all of them takes linear time.
      check(edge.first_node == nodes);
      nodes += node_count(edge);
      check(nodes <= graph_.edge_nodes.size());
      check_edge(edge);
      const size_t edge_outputs = size_t{edge.explicit_outputs} + edge.implicit_outputs;
      for (const NodeId output : graph_.nodes(edge, 0, edge_outputs)) {
        check(graph_.producers[output] == id);
      }
      outputs += edge_outputs;
    }
    check(nodes == graph_.edge_nodes.size());
    const auto sources = std::count(graph_.producers.begin(), graph_.producers.end(), kNone);
    check(outputs == graph_.producers.size() - static_cast<size_t>(sources));
  }

  static size_t node_count(const Edge& edge) {
    return size_t{edge.explicit_outputs} + edge.implicit_outputs + edge.explicit_inputs +
           edge.implicit_inputs + edge.order_only_inputs + edge.validations;
  }

  void check_edge(const Edge& edge) const {
    check(edge.rule < graph_.rules.size() && edge.scope < graph_.scopes.size());
    check(edge.pool < graph_.pools.size() && edge.file < graph_.manifests.size());
    check(edge.dyndep == kNone || edge.dyndep < graph_.paths.size());
    check(edge.flags < kPrecompiles * 2);
  }

  const GraphArrays& graph_;
};

}  // namespace

class GraphImage {
 public:
  static const GraphArrays& manifest(const Graph& graph) { return graph.data_->manifest; }

  static Graph make(const GraphArrays& arrays) {
    auto data = std::make_unique<Graph::Data>();
    data->manifest = arrays;
    data->producers.assign(arrays.producers.begin(), arrays.producers.end());
    return Graph(std::move(data));
  }
};

std::string graph_bytes(const Graph& graph) {
  const GraphArrays& arrays = GraphImage::manifest(graph);
  size_t size = sizeof(Header);
  for_each_array(arrays, [&](const auto& array) { size += aligned(array.size_bytes()); });

  std::string bytes;
  bytes.reserve(size);
  const Header header = header_of(arrays);
  bytes.append(reinterpret_cast<const char*>(&header), sizeof(Header));
  for_each_array(arrays, [&](const auto& array) {
    bytes.append(reinterpret_cast<const char*>(array.data()), array.size_bytes());
    bytes.append(aligned(bytes.size()) - bytes.size(), '\0');
  });
  return bytes;
}

Graph graph_from_bytes(std::span<const std::byte> bytes) {
  const GraphArrays arrays = arrays_of(bytes);
  Checker(arrays).check_all();
  return GraphImage::make(arrays);
}

}  // namespace cntr::ninja
