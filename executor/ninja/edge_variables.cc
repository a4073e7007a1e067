#include "ninja/edge_variables.h"

#include "base/error.h"

namespace cntr::ninja {

namespace {

// More variables than this are searched by halves.
constexpr size_t kFewVariables = 16;

const Variable* find_variable(const GraphArrays& graph, std::span<const Variable> variables,
                              std::string_view name) {
  if (variables.size() > kFewVariables) {
    const auto found = std::lower_bound(
        variables.begin(), variables.end(), name,
        [&](const Variable& v, std::string_view wanted) { return graph.text(v.name) < wanted; });
    return found != variables.end() && graph.text(found->name) == name ? &*found : nullptr;
  }
  for (const Variable& variable : variables) {
    if (graph.text(variable.name) == name) return &variable;
  }
  return nullptr;
}

const Variable* find_in_scope(const GraphArrays& graph, const Scope& scope, std::string_view name) {
  return find_variable(graph, graph.variables.subspan(scope.first_variable, scope.variables), name);
}

constexpr std::array<bool, 256> make_safe_characters() {
  std::array<bool, 256> safe{};
  for (int c = 0; c < 256; ++c) {
    safe[static_cast<size_t>(c)] = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                                   (c >= '0' && c <= '9') || c == '_' || c == '+' || c == '-' ||
                                   c == '.' || c == '/';
  }
  return safe;
}

constexpr std::array<bool, 256> kSafeCharacters = make_safe_characters();

void append_shell_word(std::string_view path, std::string& out) {
  const bool safe = std::all_of(path.begin(), path.end(), [](char c) {
    return kSafeCharacters[static_cast<unsigned char>(c)];
  });
  if (safe) {
    out += path;
    return;
  }
  out += '\'';
  for (const char c : path) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  out += '\'';
}

}  // namespace

bool is_rule_variable(std::string_view name) {
  return std::find(kRuleVariables.begin(), kRuleVariables.end(), name) != kRuleVariables.end();
}

void throw_value_too_long(std::string_view name) {
  throw user_error("the value of '" + std::string(name) + "' is too long",
                   {"at most 64 MB and a million variables are allowed"});
}

void throw_variable_cycle(std::span<const std::string_view> names, std::string_view name) {
  std::string message = "cycle in rule variables: ";
  for (const std::string_view open : names) message += std::string(open) + " -> ";
  throw user_error(message + std::string(name));
}

void append_paths(const GraphArrays& graph, std::span<const NodeId> nodes, char separator,
                  Graph::Escape escape, std::string& out) {
  bool first = true;
  for (const NodeId node : nodes) {
    if (!first) out += separator;
    first = false;
    const std::string_view path = graph.text(graph.paths[node]);
    if (escape == Graph::Escape::kShell) {
      append_shell_word(path, out);
    } else {
      out += path;
    }
    if (out.size() > kLongestValue) throw_value_too_long("in");
  }
}

std::optional<std::string_view> EdgeVariables::own(std::string_view name) const {
  const Variable* variable = find_in_scope(graph_, graph_.scopes[edge_.scope], name);
  if (variable == nullptr) return std::nullopt;
  return graph_.text(variable->value);
}

std::optional<std::string_view> EdgeVariables::rule_text(std::string_view name) const {
  return ninja::rule_text(graph_, graph_.rules[edge_.rule], name);
}

std::string_view EdgeVariables::outer_value(std::string_view name) const {
  return scope_value(graph_, graph_.scopes[edge_.scope].parent, name);
}

void EdgeVariables::append_in(char separator, std::string& out) const {
  append_paths(
      graph_,
      graph_.nodes(edge_, edge_.explicit_outputs + edge_.implicit_outputs, edge_.explicit_inputs),
      separator, escape_, out);
}

void EdgeVariables::append_out(std::string& out) const {
  append_paths(graph_, graph_.nodes(edge_, 0, edge_.explicit_outputs), ' ', escape_, out);
}

std::string_view scope_value(const GraphArrays& graph, uint32_t scope, std::string_view name) {
  while (scope != kNone) {
    const Variable* variable = find_in_scope(graph, graph.scopes[scope], name);
    if (variable != nullptr) return graph.text(variable->value);
    scope = graph.scopes[scope].parent;
  }
  return {};
}

std::optional<std::string_view> rule_text(const GraphArrays& graph, const Rule& rule,
                                          std::string_view name) {
  const Variable* binding =
      find_variable(graph, graph.variables.subspan(rule.first_binding, rule.bindings), name);
  if (binding == nullptr) return std::nullopt;
  return graph.text(binding->value);
}

void append_binding(const GraphArrays& graph, const Edge& edge, std::string_view name,
                    Graph::Escape escape, std::string& out) {
  const EdgeVariables variables(graph, edge, escape);
  Evaluation(variables).append(name, out);
}

void append_command_text(const GraphArrays& graph, const Edge& edge, std::string& out) {
  if ((edge.flags & kPhony) != 0) return;
  append_binding(graph, edge, "command", Graph::Escape::kShell, out);
  constexpr std::string_view kMark = ";rspfile=";
  const size_t command_end = out.size();
  out += kMark;
  append_binding(graph, edge, "rspfile_content", Graph::Escape::kShell, out);
  if (out.size() == command_end + kMark.size()) out.resize(command_end);
}

}  // namespace cntr::ninja
