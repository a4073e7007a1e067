// The values of an edge's variables, looked up and evaluated as ninja does.
//
// An edge's own variables come first, then its rule's, evaluated with the edge's variables, then
// those of the file and of the files around it. An edge without variables of its own has its file's
// scope, so that there the file's variables come before the rule's. $in, $in_newline and $out are
// always the paths.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ninja/graph.h"
#include "ninja/graph_data.h"

namespace cntr::ninja {

// What a rule may bind.
inline constexpr std::array<std::string_view, 11> kRuleVariables = {
    "command", "depfile", "deps",    "description",     "dyndep",          "generator",
    "pool",    "restat",  "rspfile", "rspfile_content", "msvc_deps_prefix"};
bool is_rule_variable(std::string_view name);

// A few lines can ask for more than any machine has; longer values, and values made of more
// variables, are refused.
inline constexpr size_t kLongestValue = size_t{64} << 20;
inline constexpr size_t kMostLookups = 1'000'000;

[[noreturn]] void throw_value_too_long(std::string_view name);

// Appends the paths as $in and $out show them.
void append_paths(const GraphArrays& graph, std::span<const NodeId> nodes, char separator,
                  Graph::Escape escape, std::string& out);

[[noreturn]] void throw_variable_cycle(std::span<const std::string_view> names,
                                       std::string_view name);

// One evaluation. `Source` says what the variables of one edge are:
//   optional<string_view> own(name)        of its scope
//   optional<string_view> rule_text(name)  of its rule, as Variable::value describes
//   string_view outer_value(name)          of the scopes around its own; "" for none
//   void append_in(separator, out), append_out(out)
template <class Source>
class Evaluation {
 public:
  explicit Evaluation(const Source& source) : source_(source) {}

  // Appends the value. Throws a user Error for a rule variable that refers to itself.
  void append(std::string_view name, std::string& out) {
    if (name == "in") return source_.append_in(' ', out);
    if (name == "in_newline") return source_.append_in('\n', out);
    if (name == "out") return source_.append_out(out);
    if (const auto value = source_.own(name)) {
      out += *value;
    } else if (const auto text = source_.rule_text(name)) {
      append_rule_text(name, *text, out);
    } else {
      out += source_.outer_value(name);
    }
    if (out.size() > kLongestValue || ++lookups_ > kMostLookups) throw_value_too_long(name);
  }

 private:
  void append_rule_text(std::string_view name, std::string_view text, std::string& out) {
    const auto known = std::find(open_.begin(), open_.end(), name);
    if (known != open_.end()) throw_variable_cycle({known, open_.end()}, name);
    // The variable that was asked for is not one of the open ones, so that a cycle through it is
    // told as ninja tells it.
    const bool nested = nested_;
    nested_ = true;
    if (nested) open_.push_back(name);
    for (;;) {
      const size_t begin = text.find('\0');
      out += text.substr(0, begin);
      if (begin == std::string_view::npos) break;
      const size_t end = text.find('\0', begin + 1);
      append(text.substr(begin + 1, end - begin - 1), out);
      if (end == std::string_view::npos) break;
      text.remove_prefix(end + 1);
    }
    if (nested) open_.pop_back();
  }

  const Source& source_;
  std::vector<std::string_view> open_;  // the rule variables that are being evaluated
  bool nested_ = false;
  size_t lookups_ = 0;
};

// The variables of an edge of a whole graph.
class EdgeVariables {
 public:
  EdgeVariables(const GraphArrays& graph, const Edge& edge, Graph::Escape escape)
      : graph_(graph), edge_(edge), escape_(escape) {}

  std::optional<std::string_view> own(std::string_view name) const;
  std::optional<std::string_view> rule_text(std::string_view name) const;
  std::string_view outer_value(std::string_view name) const;
  void append_in(char separator, std::string& out) const;
  void append_out(std::string& out) const;

 private:
  const GraphArrays& graph_;
  const Edge& edge_;
  Graph::Escape escape_;
};

// The value of a scope's variable, or of one around it; "" for none.
std::string_view scope_value(const GraphArrays& graph, uint32_t scope, std::string_view name);

std::optional<std::string_view> rule_text(const GraphArrays& graph, const Rule& rule,
                                          std::string_view name);

// Appends the value of one variable of an edge.
void append_binding(const GraphArrays& graph, const Edge& edge, std::string_view name,
                    Graph::Escape escape, std::string& out);
// Appends what Graph::command_text() describes.
void append_command_text(const GraphArrays& graph, const Edge& edge, std::string& out);

}  // namespace cntr::ninja
