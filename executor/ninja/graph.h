// A Ninja graph in flat arrays: small, quick to walk, and written to disk and mapped back without
// a change (graph_image.h).
//
// Every file is a node, every build statement an edge; both are numbered. What a manifest says
// never changes after parsing. What is learnt later is added beside it: nodes that only a depfile
// names (add_node), and what a dyndep file says of an edge (add_dyndep).
//
// Not thread-safe while something is added; otherwise any number of threads may read.
//
// A graph owns its arrays, or reads them from an image. One that was moved from may only be
// destroyed or assigned to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"

namespace cntr::ninja {

using NodeId = uint32_t;
using EdgeId = uint32_t;
inline constexpr uint32_t kNone = UINT32_MAX;

// A piece of Graph's text.
struct Text {
  uint32_t offset = 0;
  uint32_t size = 0;
};

// What of an edge is needed on every walk; the flags are its bindings of these names, evaluated.
struct Edge {
  // Where its nodes stand in Graph's list, one range after the other: explicit outputs, implicit
  // outputs, explicit inputs, implicit inputs, order-only inputs, validations.
  uint32_t first_node = 0;
  uint32_t explicit_outputs = 0;
  uint32_t implicit_outputs = 0;
  uint32_t explicit_inputs = 0;
  uint32_t implicit_inputs = 0;
  uint32_t order_only_inputs = 0;
  uint32_t validations = 0;
  uint32_t rule = 0;      // index of Rule; kPhonyRule for phony
  uint32_t scope = 0;     // its own, or its file's when it has no variables
  uint32_t pool = 0;      // index of Pool
  NodeId dyndep = kNone;  // the dyndep file, one of its inputs
  uint32_t flags = 0;     // EdgeFlag
  uint32_t line = 0;      // of its build statement, from 1
  uint32_t file = 0;      // index of Graph::manifests()
};

enum EdgeFlag : uint32_t {
  kPhony = 1u << 0,
  kGenerator = 1u << 1,
  kRestat = 1u << 2,
  kDepsGcc = 1u << 3,
  kDepsMsvc = 1u << 4,
  kHasDepfile = 1u << 5,
  kHasRspfile = 1u << 6,
  kConsole = 1u << 7,      // in the pool "console"
  kPrecompiles = 1u << 8,  // makes a precompiled header (is_precompiled_header())
};

// "all.h.pch": clang keeps in it the times of what it read, and refuses it when they are others.
inline bool is_precompiled_header(std::string_view path) { return path.ends_with(".pch"); }

inline constexpr uint32_t kPhonyRule = 0;
inline constexpr uint32_t kDefaultPool = 0;  // no limit; its name is ""
inline constexpr uint32_t kConsolePool = 1;

// One file that was read: the manifest and what it includes, in the order of reading.
struct ManifestFile {
  Text path;
  Digest digest;
};

struct Pool {
  Text name;
  uint32_t depth = 0;  // 0: no limit
};

struct Rule {
  Text name;
  uint32_t scope = 0;          // the file scope that it is declared in; 0 is the main manifest's
  uint32_t first_binding = 0;  // its bindings: text with variables, evaluated for each edge
  uint32_t bindings = 0;
};

// A scope of variables: a file's (a subninja has its own) or an edge's.
struct Scope {
  uint32_t parent = kNone;
  uint32_t first_variable = 0;  // sorted by name
  uint32_t variables = 0;
};

struct Variable {
  Text name;
  Text value;  // of a scope: evaluated. Of a rule: each variable in it as "\0name\0"
};

class GraphBuilder;
class GraphImage;

class Graph {
 public:
  Graph();
  ~Graph();
  Graph(Graph&&) noexcept;
  Graph& operator=(Graph&&) noexcept;

  // Nodes. The first manifest_nodes() stand in a manifest, the others were added.
  size_t node_count() const;
  size_t manifest_nodes() const;
  std::string_view path(NodeId node) const;  // canonical
  EdgeId producer(NodeId node) const;        // kNone for a source
  std::optional<NodeId> find(std::string_view canonical_path) const;
  NodeId add_node(std::string_view canonical_path);  // the one there is, or a new one

  // Edges, in the order of their build statements.
  size_t edge_count() const;
  const Edge& edge(EdgeId edge) const;
  bool has(EdgeId edge, EdgeFlag flag) const { return (this->edge(edge).flags & flag) != 0; }
  // Whether not only contents decide about it.
  bool looks_at_times(EdgeId edge) const {
    return (this->edge(edge).flags & (kGenerator | kPrecompiles)) != 0;
  }
  // With what dyndep files added: implicit outputs and inputs, restat.
  bool restat(EdgeId edge) const;

  // The nodes of an edge as the manifest says them. Valid as long as the graph.
  std::span<const NodeId> outputs(EdgeId edge) const;  // explicit, then implicit
  std::span<const NodeId> explicit_inputs(EdgeId edge) const;
  std::span<const NodeId> implicit_inputs(EdgeId edge) const;
  std::span<const NodeId> dependencies(EdgeId edge) const;  // explicit, then implicit
  std::span<const NodeId> order_only_inputs(EdgeId edge) const;
  std::span<const NodeId> all_inputs(EdgeId edge) const;  // explicit, implicit, order-only
  std::span<const NodeId> validations(EdgeId edge) const;
  // What its dyndep file added; empty before add_dyndep().
  std::span<const NodeId> dyndep_outputs(EdgeId edge) const;
  std::span<const NodeId> dyndep_inputs(EdgeId edge) const;
  // Makes `edge` the producer of the outputs. Throws a user Error "multiple rules generate <path>"
  // when another edge already is.
  void add_dyndep(EdgeId edge, std::vector<NodeId> outputs, std::vector<NodeId> inputs,
                  bool restat);

  // The value of a variable for an edge, looked up as ninja does: the edge's own, the rule's
  // (evaluated with the edge, $in and $out included), its file's, the files' around it; "" when
  // there is none. For an edge without variables of its own the file's come before the rule's.
  // Throws a user Error for a rule variable that refers to itself.
  enum class Escape { kShell, kRaw };  // how paths in $in and $out are written
  std::string binding(EdgeId edge, std::string_view name, Escape escape = Escape::kShell) const;
  std::string command(EdgeId edge) const { return binding(edge, "command"); }
  // What identifies the action: the command and, after ";rspfile=", the content of the response
  // file when there is some. "" for phony.
  std::string command_text(EdgeId edge) const;
  const Digest& command_digest(EdgeId edge) const;  // of that text; computed with the graph
  // A top-level variable of the main manifest; "" when there is none.
  std::string variable(std::string_view name) const;

  std::string_view rule_name(EdgeId edge) const;
  std::vector<std::string_view> rule_names() const;  // the main manifest's: sorted, without phony
  // Binding of one of these rules with its variables as "${name}": for `-t rules -d`. "" when it
  // has none.
  std::string rule_binding_source(std::string_view rule, std::string_view name) const;
  std::string_view pool_name(uint32_t pool) const;
  uint32_t pool_depth(uint32_t pool) const;
  size_t pool_count() const;

  // The targets of `default` statements, in their order; empty when there is none.
  std::span<const NodeId> defaults() const;
  // Every output that no edge uses as an input: what is built when nothing is said. Throws a user
  // Error "could not determine root nodes of build graph" when a graph with edges has none.
  std::vector<NodeId> roots() const;

  std::span<const ManifestFile> manifests() const;
  std::string_view text(Text text) const;

 private:
  friend class GraphBuilder;
  friend class GraphImage;
  struct Data;
  explicit Graph(std::unique_ptr<Data> data);
  std::unique_ptr<Data> data_;
};

}  // namespace cntr::ninja
