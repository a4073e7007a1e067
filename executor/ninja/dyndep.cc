#include "ninja/dyndep.h"

#include <string_view>
#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "ninja/canonical_path.h"
#include "ninja/lexer.h"
#include "ninja/ninja_version.h"

namespace cntr::ninja {
namespace {

// No variable is ever set in a dyndep file, so each has the value "".
std::string value_of(std::span<const Piece> pieces) {
  std::string value;
  for (const Piece& piece : pieces) {
    if (!piece.variable) value += piece.text;
  }
  return value;
}

class DyndepParser {
 public:
  DyndepParser(const std::string& path, const std::string& text, const Graph& graph)
      : lexer_(path, text), graph_(graph) {}

  std::vector<DyndepEntry> parse();

 private:
  using Path = std::vector<Piece>;

  void parse_version();
  void parse_edge();
  EdgeId parse_mentioned_edge();
  std::vector<Path> parse_implicit_paths();
  void parse_rule_name();
  bool parse_restat();
  // Throws `error` when a path follows.
  void refuse_path(const char* error);
  std::string parse_value();
  std::string canonical(const Path& path) const;
  std::vector<std::string> canonical(const std::vector<Path>& paths) const;
  Error version_expected() const { return lexer_.error("expected 'ninja_dyndep_version = ...'"); }

  Lexer lexer_;
  const Graph& graph_;
  std::vector<DyndepEntry> entries_;
  std::unordered_set<EdgeId> mentioned_;
};

std::vector<DyndepEntry> DyndepParser::parse() {
  bool has_version = false;
  for (;;) {
    const Token token = lexer_.read_token();
    switch (token) {
      case Token::kBuild:
        if (!has_version) throw version_expected();
        parse_edge();
        break;
      case Token::kIdent:
        lexer_.unread_token();
        if (has_version) throw lexer_.error(std::string("unexpected ") + token_name(token));
        parse_version();
        has_version = true;
        break;
      case Token::kError:
        throw lexer_.bad_token();
      case Token::kEof:
        if (!has_version) throw version_expected();
        return std::move(entries_);
      case Token::kNewline:
        break;
      default:
        throw lexer_.error(std::string("unexpected ") + token_name(token));
    }
  }
}

void DyndepParser::parse_version() {
  const std::string_view name = lexer_.read_ident("expected variable name");
  const std::string version = parse_value();
  if (name != "ninja_dyndep_version") throw version_expected();
  if (ninja::parse_version(version) != Version{1, 0}) {
    throw lexer_.error("unsupported 'ninja_dyndep_version = " + version + "'");
  }
}

void DyndepParser::parse_edge() {
  DyndepEntry entry;
  entry.edge = parse_mentioned_edge();
  refuse_path("explicit outputs not supported");
  const std::vector<Path> outputs = parse_implicit_paths();
  lexer_.expect_token(Token::kColon);
  parse_rule_name();
  refuse_path("explicit inputs not supported");
  const std::vector<Path> inputs = parse_implicit_paths();
  if (lexer_.peek_token(Token::kPipe2)) throw lexer_.error("order-only inputs not supported");
  lexer_.expect_token(Token::kNewline);
  entry.restat = parse_restat();
  entry.implicit_inputs = canonical(inputs);
  entry.implicit_outputs = canonical(outputs);
  entries_.push_back(std::move(entry));
}

EdgeId DyndepParser::parse_mentioned_edge() {
  Path output;
  if (!lexer_.read_path(output)) throw lexer_.error("expected path");
  const std::string path = canonical(output);
  const auto node = graph_.find(path);
  const EdgeId edge = node ? graph_.producer(*node) : kNone;
  if (edge == kNone) throw lexer_.error("no build statement exists for '" + path + "'");
  if (!mentioned_.insert(edge).second) {
    throw lexer_.error("multiple statements for '" + path + "'");
  }
  return edge;
}

std::vector<DyndepParser::Path> DyndepParser::parse_implicit_paths() {
  std::vector<Path> paths;
  if (!lexer_.peek_token(Token::kPipe)) return paths;
  for (Path path; lexer_.read_path(path); path.clear()) paths.push_back(path);
  return paths;
}

void DyndepParser::parse_rule_name() {
  constexpr const char* kExpected = "expected build command name 'dyndep'";
  if (lexer_.read_ident(kExpected) != "dyndep") throw lexer_.error(kExpected);
}

bool DyndepParser::parse_restat() {
  if (!lexer_.peek_token(Token::kIndent)) return false;
  const std::string_view name = lexer_.read_ident("expected variable name");
  const std::string value = parse_value();
  if (name != "restat") throw lexer_.error("binding is not 'restat'");
  return !value.empty();
}

void DyndepParser::refuse_path(const char* error) {
  Path path;
  if (lexer_.read_path(path)) throw lexer_.error(error);
}

std::string DyndepParser::parse_value() {
  lexer_.expect_token(Token::kEquals);
  std::vector<Piece> pieces;
  lexer_.read_value(pieces);
  return value_of(pieces);
}

std::string DyndepParser::canonical(const Path& path) const {
  std::string text = value_of(path);
  if (text.empty()) throw lexer_.error("empty path");
  canonicalize(text);
  return text;
}

std::vector<std::string> DyndepParser::canonical(const std::vector<Path>& paths) const {
  std::vector<std::string> texts;
  texts.reserve(paths.size());
  for (const Path& path : paths) texts.push_back(canonical(path));
  return texts;
}

std::string first_output(const Graph& graph, EdgeId edge) {
  return std::string(graph.path(graph.outputs(edge).front()));
}

void check_all_are_mentioned(const std::vector<DyndepEntry>& entries, const Graph& graph,
                             NodeId dyndep_file, std::span<const EdgeId> users) {
  std::unordered_set<EdgeId> mentioned;
  for (const DyndepEntry& entry : entries) mentioned.insert(entry.edge);
  for (const EdgeId edge : users) {
    if (!mentioned.contains(edge)) {
      throw user_error("'" + first_output(graph, edge) + "' not mentioned in its dyndep file '" +
                       std::string(graph.path(dyndep_file)) + "'");
    }
  }
}

void check_no_other_is_mentioned(const std::vector<DyndepEntry>& entries, const Graph& graph,
                                 NodeId dyndep_file) {
  for (const DyndepEntry& entry : entries) {
    if (graph.edge(entry.edge).dyndep != dyndep_file) {
      throw user_error("dyndep file '" + std::string(graph.path(dyndep_file)) +
                       "' mentions output '" + first_output(graph, entry.edge) +
                       "' whose build statement does not have a dyndep binding for the file");
    }
  }
}

}  // namespace

std::vector<DyndepEntry> parse_dyndep(const std::string& path, const std::string& text,
                                      const Graph& graph, NodeId dyndep_file,
                                      std::span<const EdgeId> users) {
  std::vector<DyndepEntry> entries = DyndepParser(path, text, graph).parse();
  check_all_are_mentioned(entries, graph, dyndep_file, users);
  check_no_other_is_mentioned(entries, graph, dyndep_file);
  return entries;
}

std::vector<DyndepEntry> parse_dyndep(const std::string& path, const std::string& text,
                                      const Graph& graph, NodeId dyndep_file) {
  std::vector<EdgeId> users;
  for (EdgeId edge = 0; edge < graph.edge_count(); ++edge) {
    if (graph.edge(edge).dyndep == dyndep_file) users.push_back(edge);
  }
  return parse_dyndep(path, text, graph, dyndep_file, users);
}

}  // namespace cntr::ninja
