#include "cli/ninja_tools_commands.h"

#include <algorithm>
#include <optional>

#include "base/error.h"

namespace cntr::cli {

using ninja::EdgeId;
using ninja::Graph;
using ninja::NodeId;

namespace {

constexpr std::string_view kCommandsUsage =
    "usage: ninja -t commands [options] [targets]\n"
    "\n"
    "options:\n"
    "  -s     the targets' own commands only\n"
    "  -h     show this help\n";

constexpr std::string_view kCompdbUsage =
    "usage: ninja -t compdb [options] [rules]\n"
    "\n"
    "options:\n"
    "  -x     put what a response file holds into the command that names it\n"
    "  -h     show this help\n";

constexpr std::string_view kCompdbTargetsUsage =
    "usage: ninja -t compdb-targets [options] target [targets]\n"
    "\n"
    "options:\n"
    "  -x     put what a response file holds into the command that names it\n"
    "  -h     show this help\n";

constexpr std::string_view kInputsUsage =
    "usage: ninja -t inputs [options] [targets]\n"
    "\n"
    "All files that the targets are made from, one a line, quoted for a shell, sorted by name.\n"
    "\n"
    "options:\n"
    "  -0, --print0            end each with \\0 instead of a newline\n"
    "  -E, --no-shell-escape   do not quote them\n"
    "  -d, --dependency-order  what is made comes behind what it is made from\n"
    "  -h, --help              show this help\n";

constexpr std::string_view kMultiInputsUsage =
    "usage: ninja -t multi-inputs [options] [targets]\n"
    "\n"
    "All files that each target is made from, one a line behind the target.\n"
    "\n"
    "options:\n"
    "  -0, --print0                 end each line with \\0 instead of a newline\n"
    "  -d DELIM, --delimiter=DELIM  what stands between the two instead of a tab\n"
    "  -h, --help                   show this help\n";

// The edges that the nodes need and that run a command, each behind those that it needs itself.
class CommandEdges {
 public:
  explicit CommandEdges(const Graph& graph) : graph_(graph), seen_(graph.edge_count()) {}

  void add(NodeId node) {
    walk_inputs(
        graph_, node,
        [this](NodeId it) {
          const EdgeId edge = graph_.producer(it);
          if (edge == ninja::kNone || seen_[edge]) return false;
          seen_[edge] = true;
          return true;
        },
        [this](NodeId it) { add_edge(graph_.producer(it)); });
  }

  void add_without_inputs(NodeId node) {
    const EdgeId edge = graph_.producer(node);
    if (edge == ninja::kNone || seen_[edge]) return;
    seen_[edge] = true;
    add_edge(edge);
  }

  const std::vector<EdgeId>& edges() const { return edges_; }

 private:
  void add_edge(EdgeId edge) {
    if (!graph_.has(edge, ninja::kPhony)) edges_.push_back(edge);
  }

  const Graph& graph_;
  std::vector<bool> seen_;
  std::vector<EdgeId> edges_;
};

// What nodes are made from, without what only phony edges make, each behind its own inputs.
class Inputs {
 public:
  explicit Inputs(const Graph& graph) : graph_(graph), seen_(graph.node_count()) {}

  void add_of(NodeId node) {
    const EdgeId edge = graph_.producer(node);
    if (edge == ninja::kNone) return;
    for (const NodeId input : graph_.all_inputs(edge)) {
      walk_inputs(
          graph_, input,
          [this](NodeId it) {
            if (seen_[it]) return false;
            seen_[it] = true;
            return true;
          },
          [this](NodeId it) {
            const EdgeId producer = graph_.producer(it);
            if (producer == ninja::kNone || !graph_.has(producer, ninja::kPhony)) {
              nodes_.push_back(it);
            }
          });
    }
  }

  const std::vector<NodeId>& nodes() const { return nodes_; }

 private:
  const Graph& graph_;
  std::vector<bool> seen_;
  std::vector<NodeId> nodes_;
};

// A string's content in JSON, as ninja writes it: bytes that are not ASCII stay as they are.
std::string json_text(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  constexpr std::string_view kShort = "\b\f\n\r\t\\\"";
  constexpr std::string_view kLetters = "bfnrt\\\"";
  std::string json;
  json.reserve(text.size() + text.size() / 8);
  for (const char c : text) {
    const size_t known = kShort.find(c);
    const auto byte = static_cast<unsigned char>(c);
    if (known != std::string_view::npos) {
      json += '\\';
      json += kLetters[known];
    } else if (byte < 0x20) {
      json += "\\u00";
      json += kDigits[byte >> 4];
      json += kDigits[byte & 15];
    } else {
      json += c;
    }
  }
  return json;
}

// Where in the command the words begin that name the response file, which stands at `at`: "@file",
// "--option-file=file" or "-f file". The first "-f" or "--option-file" counts.
std::optional<size_t> response_file_words(std::string_view command, size_t at) {
  if (at > 0 && command[at - 1] == '@') return at - 1;
  for (const std::string_view word : {"-f ", "--option-file="}) {
    if (at >= word.size() && at > 0 && command.find(word) == at - word.size()) {
      return at - word.size();
    }
  }
  return std::nullopt;
}

std::string command_with_response_file(const Graph& graph, EdgeId edge) {
  std::string command = graph.command(edge);
  const std::string file = graph.binding(edge, "rspfile", Graph::Escape::kRaw);
  const size_t at = file.empty() ? std::string::npos : command.find(file);
  if (at == std::string::npos) return command;
  const std::optional<size_t> begin = response_file_words(command, at);
  if (!begin) return command;
  std::string content = graph.binding(edge, "rspfile_content");
  std::replace(content.begin(), content.end(), '\n', ' ');
  return command.replace(*begin, at + file.size() - *begin, content);
}

// A compilation database (clang.llvm.org/docs/JSONCompilationDatabase.html).
class CompilationDatabase {
 public:
  CompilationDatabase(const GraphTool& tool, bool with_response_files)
      : tool_(tool),
        graph_(tool.graph),
        with_response_files_(with_response_files),
        directory_(json_text(tool.directory)),
        is_input_(graph_.node_count()),
        is_validation_(graph_.node_count()) {
    for (EdgeId edge = 0; edge < graph_.edge_count(); ++edge) {
      for (const NodeId node : graph_.all_inputs(edge)) is_input_[node] = true;
      for (const NodeId node : graph_.validations(edge)) is_validation_[node] = true;
    }
    tool_.out("[");
  }

  // One entry for each input.
  void add(EdgeId edge) {
    if (graph_.all_inputs(edge).empty() || only_validates(edge)) return;
    const std::string before = "\n  {\n    \"directory\": \"" + directory_ +
                               "\",\n    \"command\": \"" + json_text(command(edge)) +
                               "\",\n    \"file\": \"";
    const std::string behind = "\",\n    \"output\": \"" +
                               json_text(graph_.path(graph_.outputs(edge).front())) + "\"\n  }";
    for (const NodeId input : graph_.all_inputs(edge)) {
      if (!first_) tool_.out(",");
      first_ = false;
      tool_.out(before + json_text(graph_.path(input)) + behind);
    }
  }

  void finish() { tool_.out("\n]\n"); }

 private:
  std::string command(EdgeId edge) const {
    return with_response_files_ ? command_with_response_file(graph_, edge) : graph_.command(edge);
  }

  bool only_validates(EdgeId edge) const {
    const auto outputs = graph_.outputs(edge);
    return std::all_of(outputs.begin(), outputs.end(), [this](NodeId output) {
      return is_validation_[output] && !is_input_[output];
    });
  }

  const GraphTool& tool_;
  const Graph& graph_;
  bool with_response_files_;
  std::string directory_;
  std::vector<bool> is_input_;
  std::vector<bool> is_validation_;
  bool first_ = true;
};

// What the words of a shell would be.
std::string shell_word(std::string_view path) {
  const auto is_plain = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("_+-./").find(c) != std::string_view::npos;
  };
  if (std::all_of(path.begin(), path.end(), is_plain)) return std::string(path);
  std::string word = "'";
  for (const char c : path) {
    if (c == '\'') {
      word += "'\\''";
    } else {
      word += c;
    }
  }
  return word + "'";
}

int fatal(const GraphTool& tool, const std::string& message) {
  tool.err("ninja: fatal: " + message + "\n");
  return 1;
}

}  // namespace

int show_commands(const GraphTool& tool) {
  ParsedToolOptions options;
  if (!read_tool_options(tool, "commands", {{'h', ""}, {'s', ""}}, kCommandsUsage, options))
    return 1;
  CommandEdges commands(tool.graph);
  for (const NodeId node : tool.find_targets(options.operands)) {
    if (options.has('s')) {
      commands.add_without_inputs(node);
    } else {
      commands.add(node);
    }
  }
  for (const EdgeId edge : commands.edges()) tool.out(tool.graph.command(edge) + "\n");
  return 0;
}

int show_compdb(const GraphTool& tool) {
  ParsedToolOptions options;
  if (!read_tool_options(tool, "compdb", {{'h', ""}, {'x', ""}}, kCompdbUsage, options)) return 1;
  CompilationDatabase database(tool, options.has('x'));
  const std::vector<std::string>& rules = options.operands;
  for (EdgeId edge = 0; edge < tool.graph.edge_count(); ++edge) {
    auto times = std::count(rules.begin(), rules.end(), tool.graph.rule_name(edge));
    if (rules.empty()) times = 1;
    for (; times > 0; --times) database.add(edge);
  }
  database.finish();
  return 0;
}

int show_compdb_targets(const GraphTool& tool) {
  ParsedToolOptions options;
  if (!read_tool_options(tool, "compdb-targets", {{'h', ""}, {'x', ""}}, kCompdbTargetsUsage,
                         options)) {
    return 1;
  }
  if (options.operands.empty()) {
    tool.err("ninja: error: compdb-targets expects the name of at least one target\n");
    tool.out(kCompdbTargetsUsage);
    return 1;
  }
  CommandEdges commands(tool.graph);
  for (const std::string& target : options.operands) {
    try {
      const NodeId node = tool.find_targets({target}).front();
      if (tool.graph.producer(node) == ninja::kNone) {
        return fatal(tool, "'" + std::string(tool.graph.path(node)) +
                               "' is not a target (i.e. it is not an output of any `build` "
                               "statement)");
      }
      commands.add(node);
    } catch (const Error& error) {
      return fatal(tool, error.message());
    }
  }
  CompilationDatabase database(tool, options.has('x'));
  for (const EdgeId edge : commands.edges()) database.add(edge);
  database.finish();
  return 0;
}

int show_inputs(const GraphTool& tool) {
  const std::vector<ToolOption> known = {
      {'h', "help"}, {'E', "no-shell-escape"}, {'0', "print0"}, {'d', "dependency-order"}};
  ParsedToolOptions options;
  if (!read_tool_options(tool, "inputs", known, kInputsUsage, options)) return 1;
  Inputs inputs(tool.graph);
  for (const NodeId node : tool.find_targets(options.operands)) inputs.add_of(node);
  std::vector<std::string> paths;
  for (const NodeId node : inputs.nodes()) {
    const std::string_view path = tool.graph.path(node);
    paths.push_back(options.has('E') ? std::string(path) : shell_word(path));
  }
  if (!options.has('d')) std::sort(paths.begin(), paths.end());
  const char end = options.has('0') ? '\0' : '\n';
  for (const std::string& path : paths) tool.out(path + end);
  return 0;
}

int show_multi_inputs(const GraphTool& tool) {
  const std::vector<ToolOption> known = {{'h', "help"}, {'d', "delimiter", true}, {'0', "print0"}};
  ParsedToolOptions options;
  if (!read_tool_options(tool, "multi-inputs", known, kMultiInputsUsage, options)) return 1;
  std::string delimiter = "\t";
  for (const auto& given : options.options) {
    if (given.letter == 'd') delimiter = given.value;
  }
  const char end = options.has('0') ? '\0' : '\n';
  for (const NodeId node : tool.find_targets(options.operands)) {
    Inputs inputs(tool.graph);
    inputs.add_of(node);
    const std::string start = std::string(tool.graph.path(node)) + delimiter;
    for (const NodeId input : inputs.nodes()) {
      tool.out(start + std::string(tool.graph.path(input)) + end);
    }
  }
  return 0;
}

}  // namespace cntr::cli
