// Makes a Graph statement by statement: numbers nodes, keeps scopes until their values are final,
// stores equal texts once. Knows nothing of syntax.
//
// Not thread-safe; finish() itself uses threads for what is evaluated at the end.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ninja/graph.h"
#include "ninja/graph_data.h"

namespace cntr::ninja {

// The variables and rules of a file and of what it includes. They may change until the whole
// manifest is read.
struct FileScope {
  const FileScope* parent = nullptr;
  uint32_t id = 0;  // index of Scope
  std::map<std::string, std::string, std::less<>> variables;
  std::map<std::string, uint32_t, std::less<>> rules;

  // Looked up here, then in the scopes around. "" and kNone when there is none.
  std::string_view value(std::string_view name) const;
  uint32_t find_rule(std::string_view name) const;
};

class GraphBuilder {
 public:
  // `expected_bytes`: about as long as the manifests are.
  explicit GraphBuilder(size_t expected_bytes);

  FileScope& add_file_scope(const FileScope* parent);  // the first one is the main manifest's
  // Number of the file, for begin_edge().
  uint32_t add_manifest(std::string_view path);
  void set_manifest_digest(uint32_t manifest, const Digest& digest);

  // `values` by name; with variables as Variable::value describes.
  void add_rule(FileScope& scope, std::string_view name,
                const std::map<std::string, std::string, std::less<>>& values);
  uint32_t find_pool(std::string_view name) const;  // kNone when there is none
  void add_pool(std::string_view name, uint32_t depth);
  bool add_default(std::string_view path);  // false: no such node

  // The edge that is being made, in this order: its variables, the pool, its nodes section by
  // section as Edge lists them. Paths are canonical.
  void begin_edge(uint32_t rule, const FileScope& scope, uint32_t file, uint32_t line);
  void add_variable(Text name, Text value);  // replaces an equal name's
  void end_variables();
  void set_pool(uint32_t pool) { edge_.pool = pool; }
  enum class OutputState { kAdded, kTwice, kOthers };  // kOthers: another edge generates it
  OutputState add_output(std::string_view path, bool implicit);
  void add_input(std::string_view path, uint32_t Edge::*section);
  // Drops the output from the inputs of a phony edge with just one; true when it was there.
  bool mend_phony_cycle();
  bool set_dyndep(std::string_view path);  // false: not among the inputs
  void end_edge();

  // For the edge that is being made: a variable in its paths, and a binding as it is now.
  std::string_view path_variable(std::string_view name) const;
  std::string binding(std::string_view name, Graph::Escape escape) const;
  std::string_view first_output() const;

  Text add_text(std::string_view text);
  std::string_view text(Text piece) const {
    return {data_.characters.data() + piece.offset, piece.size};
  }

  // Throws a user Error for what an edge's final bindings make impossible. Ends the builder.
  Graph finish();

 private:
  class CurrentEdge;
  friend class CurrentEdge;

  Text append_text(std::string_view text);
  NodeId node(std::string_view path);
  uint32_t find_node(uint32_t hash, std::string_view path) const;
  std::span<Variable> edge_variables();
  const Variable* find_edge_variable(std::string_view name) const;
  void store_file_scopes();

  GraphStorage data_;
  TextIndex node_index_;
  TextIndex text_index_;
  std::vector<Text> texts_;  // what text_index_ numbers
  std::deque<FileScope> file_scopes_;
  std::map<std::string, uint32_t, std::less<>> pools_;

  Edge edge_;
  const FileScope* edge_scope_ = nullptr;  // of the file that edge_ stands in
  uint32_t first_edge_variable_ = 0;
};

}  // namespace cntr::ninja
