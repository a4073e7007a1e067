#include "cli/ninja_tools_graph.h"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <unordered_set>

#include "base/error.h"
#include "cli/spelling.h"

namespace cntr::cli {

using ninja::EdgeId;
using ninja::Graph;
using ninja::NodeId;

namespace {

constexpr std::string_view kRulesUsage =
    "usage: ninja -t rules [options]\n"
    "\n"
    "options:\n"
    "  -d     with their descriptions\n"
    "  -h     show this help\n";

std::string path_of(const Graph& graph, NodeId node) { return std::string(graph.path(node)); }

// A node with the rule that makes it.
std::string with_rule(const Graph& graph, NodeId node) {
  std::string line = path_of(graph, node);
  const EdgeId edge = graph.producer(node);
  if (edge != ninja::kNone) line.append(": ").append(graph.rule_name(edge));
  return line + "\n";
}

// The targets and below each, indented, its inputs. `depth` levels of them; all for 0 or less.
void show_target_tree(const GraphTool& tool, const std::vector<NodeId>& nodes, int64_t depth) {
  const Graph& graph = tool.graph;
  size_t level = 0;
  std::vector<bool> is_open(graph.node_count());
  const auto enter = [&](NodeId node) {
    tool.out(std::string(2 * level, ' ') + with_rule(graph, node));
    const bool has_more = graph.producer(node) != ninja::kNone && !is_open[node];
    if (!has_more || (depth > 0 && static_cast<int64_t>(level) + 1 >= depth)) return false;
    is_open[node] = true;
    ++level;
    return true;
  };
  const auto leave = [&](NodeId node) {
    is_open[node] = false;
    --level;
  };
  for (const NodeId node : nodes) walk_inputs(graph, node, enter, leave);
}

int show_sources(const GraphTool& tool) {
  for (EdgeId edge = 0; edge < tool.graph.edge_count(); ++edge) {
    for (const NodeId input : tool.graph.all_inputs(edge)) {
      if (tool.graph.producer(input) == ninja::kNone) tool.out(path_of(tool.graph, input) + "\n");
    }
  }
  return 0;
}

int show_outputs_of_rule(const GraphTool& tool, const std::string& rule) {
  std::set<std::string_view> paths;
  for (EdgeId edge = 0; edge < tool.graph.edge_count(); ++edge) {
    if (tool.graph.rule_name(edge) != rule) continue;
    for (const NodeId output : tool.graph.outputs(edge)) paths.insert(tool.graph.path(output));
  }
  for (const std::string_view path : paths) tool.out(std::string(path) + "\n");
  return 0;
}

int show_all_outputs(const GraphTool& tool) {
  for (EdgeId edge = 0; edge < tool.graph.edge_count(); ++edge) {
    for (const NodeId output : tool.graph.outputs(edge)) tool.out(with_rule(tool.graph, output));
  }
  return 0;
}

Error unknown_mode(const std::string& mode) {
  const std::string near = nearest(mode, {"rule", "depth", "all"});
  return user_error("unknown target tool mode '" + mode + "'" +
                    (near.empty() ? "" : ", did you mean '" + near + "'?"));
}

// Loads each dyndep file that an edge needs, once. A file that cannot be read is a warning.
class DyndepLoader {
 public:
  explicit DyndepLoader(const GraphTool& tool) : tool_(tool) {}

  void load_for(EdgeId edge) {
    const NodeId file = tool_.graph.edge(edge).dyndep;
    if (file == ninja::kNone || !loaded_.insert(file).second) return;
    try {
      tool_.load_dyndep(file);
    } catch (const Error& error) {
      tool_.err("ninja: warning: " + error.message() + "\n\n");
    }
  }

 private:
  const GraphTool& tool_;
  std::unordered_set<NodeId> loaded_;
};

std::vector<NodeId> outputs_of(const Graph& graph, EdgeId edge) {
  const auto said = graph.outputs(edge);
  const auto found = graph.dyndep_outputs(edge);
  std::vector<NodeId> nodes(said.begin(), said.end());
  nodes.insert(nodes.end(), found.begin(), found.end());
  return nodes;
}

// Explicit, implicit and what a dyndep file added, order-only.
std::vector<NodeId> inputs_of(const Graph& graph, EdgeId edge) {
  const auto said = graph.dependencies(edge);
  const auto found = graph.dyndep_inputs(edge);
  const auto order_only = graph.order_only_inputs(edge);
  std::vector<NodeId> nodes(said.begin(), said.end());
  nodes.insert(nodes.end(), found.begin(), found.end());
  nodes.insert(nodes.end(), order_only.begin(), order_only.end());
  return nodes;
}

// The outputs of the edges for which a node stands in `nodes`; again for each time it does.
template <class NodesOf>
std::string outputs_of_users(const Graph& graph, NodeId node, NodesOf nodes_of) {
  std::string lines;
  for (EdgeId edge = 0; edge < graph.edge_count(); ++edge) {
    const auto nodes = nodes_of(edge);
    for (auto times = std::count(nodes.begin(), nodes.end(), node); times > 0; --times) {
      for (const NodeId output : outputs_of(graph, edge)) {
        lines += "    " + path_of(graph, output) + "\n";
      }
    }
  }
  return lines;
}

void show_edge_of(const GraphTool& tool, EdgeId edge) {
  const Graph& graph = tool.graph;
  tool.out("  input: " + std::string(graph.rule_name(edge)) + "\n");
  const auto show = [&](std::span<const NodeId> nodes, const char* label) {
    for (const NodeId node : nodes) tool.out("    " + (label + path_of(graph, node)) + "\n");
  };
  show(graph.explicit_inputs(edge), "");
  show(graph.implicit_inputs(edge), "| ");
  show(graph.dyndep_inputs(edge), "| ");
  show(graph.order_only_inputs(edge), "|| ");
  if (graph.validations(edge).empty()) return;
  tool.out("  validations:\n");
  show(graph.validations(edge), "");
}

void show_users_of(const GraphTool& tool, NodeId node) {
  const Graph& graph = tool.graph;
  const auto all_inputs = [&](EdgeId edge) { return graph.all_inputs(edge); };
  const auto dyndep_inputs = [&](EdgeId edge) { return graph.dyndep_inputs(edge); };
  const auto validations = [&](EdgeId edge) { return graph.validations(edge); };
  tool.out("  outputs:\n" + outputs_of_users(graph, node, all_inputs) +
           outputs_of_users(graph, node, dyndep_inputs));
  const std::string validated = outputs_of_users(graph, node, validations);
  if (!validated.empty()) tool.out("  validation for:\n" + validated);
}

// The graph in the language of Graphviz.
class DotWriter {
 public:
  explicit DotWriter(const GraphTool& tool)
      : tool_(tool), graph_(tool.graph), dyndeps_(tool), edges_(graph_.edge_count()) {}

  void add(NodeId target) {
    std::vector<std::vector<NodeId>> open = {{target}};  // the next one of each is the last
    while (!open.empty()) {
      if (open.back().empty()) {
        open.pop_back();
        continue;
      }
      const NodeId node = open.back().back();
      open.back().pop_back();
      if (!nodes_.insert(node).second) continue;
      add_node(node);
      const EdgeId edge = graph_.producer(node);
      if (edge == ninja::kNone || edges_[edge]) continue;
      edges_[edge] = true;
      dyndeps_.load_for(edge);
      std::vector<NodeId> inputs = inputs_of(graph_, edge);
      add_edge(edge, inputs);
      std::reverse(inputs.begin(), inputs.end());
      open.push_back(std::move(inputs));
    }
  }

 private:
  static std::string name(NodeId node) { return "\"n" + std::to_string(node) + "\""; }

  void add_node(NodeId node) {
    std::string label = path_of(graph_, node);
    std::replace(label.begin(), label.end(), '\\', '/');
    tool_.out(name(node) + " [label=\"" + label + "\"]\n");
  }

  void add_edge(EdgeId edge, const std::vector<NodeId>& inputs) {
    const std::vector<NodeId> outputs = outputs_of(graph_, edge);
    const std::string rule(graph_.rule_name(edge));
    if (inputs.size() == 1 && outputs.size() == 1) {
      tool_.out(name(inputs[0]) + " -> " + name(outputs[0]) + " [label=\" " + rule + "\"]\n");
      return;
    }
    const std::string edge_name = "\"e" + std::to_string(edge) + "\"";
    tool_.out(edge_name + " [label=\"" + rule + "\", shape=ellipse]\n");
    for (const NodeId output : outputs) tool_.out(edge_name + " -> " + name(output) + "\n");
    const size_t order_only = inputs.size() - graph_.order_only_inputs(edge).size();
    for (size_t i = 0; i < inputs.size(); ++i) {
      tool_.out(name(inputs[i]) + " -> " + edge_name + " [arrowhead=none" +
                (i < order_only ? "]\n" : " style=dotted]\n"));
    }
  }

  const GraphTool& tool_;
  const Graph& graph_;
  DyndepLoader dyndeps_;
  std::unordered_set<NodeId> nodes_;
  std::vector<bool> edges_;
};

}  // namespace

int show_targets(const GraphTool& tool) {
  const std::vector<std::string>& arguments = tool.arguments;
  const std::string mode = arguments.empty() ? "depth" : arguments[0];
  const std::string value = arguments.size() > 1 ? arguments[1] : "";
  if (mode == "all") return show_all_outputs(tool);
  if (mode == "rule") return value.empty() ? show_sources(tool) : show_outputs_of_rule(tool, value);
  if (mode != "depth") throw unknown_mode(mode);
  const int64_t depth = arguments.size() > 1 ? std::strtoll(value.c_str(), nullptr, 10) : 1;
  show_target_tree(tool, tool.graph.roots(), depth);
  return 0;
}

int show_rules(const GraphTool& tool) {
  ParsedToolOptions options;
  if (!read_tool_options(tool, "rules", {{'h', ""}, {'d', ""}}, kRulesUsage, options)) return 1;
  std::vector<std::string_view> rules = tool.graph.rule_names();
  rules.insert(std::lower_bound(rules.begin(), rules.end(), "phony"), "phony");
  for (const std::string_view rule : rules) {
    std::string line(rule);
    if (options.has('d')) {
      const std::string description = tool.graph.rule_binding_source(rule, "description");
      if (!description.empty()) line += ": " + description;
    }
    tool.out(line + "\n");
  }
  return 0;
}

int show_query(const GraphTool& tool) {
  if (tool.arguments.empty()) throw user_error("expected a target to query");
  DyndepLoader dyndeps(tool);
  for (const std::string& argument : tool.arguments) {
    const NodeId node = tool.find_targets({argument}).front();
    tool.out(path_of(tool.graph, node) + ":\n");
    const EdgeId edge = tool.graph.producer(node);
    if (edge != ninja::kNone) {
      dyndeps.load_for(edge);
      show_edge_of(tool, edge);
    }
    show_users_of(tool, node);
  }
  return 0;
}

int show_graph(const GraphTool& tool) {
  const std::vector<NodeId> nodes = tool.find_targets(tool.arguments);
  tool.out(
      "digraph ninja {\n"
      "rankdir=\"LR\"\n"
      "node [fontsize=10, shape=box, height=0.25]\n"
      "edge [fontsize=10]\n");
  DotWriter writer(tool);
  for (const NodeId node : nodes) writer.add(node);
  tool.out("}\n");
  return 0;
}

}  // namespace cntr::cli
