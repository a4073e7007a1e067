#include "ninja/manifest_parser.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <deque>
#include <future>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "ninja/canonical_path.h"
#include "ninja/edge_variables.h"
#include "ninja/graph_builder.h"
#include "ninja/lexer.h"
#include "ninja/ninja_version.h"

namespace cntr::ninja {

namespace {

constexpr size_t kMostNestedFiles = 100;
// Content from this size on is hashed while it is parsed.
constexpr size_t kLargeFile = size_t{1} << 20;

// What Variable::value holds for a rule.
std::string rule_value(std::span<const Piece> pieces) {
  std::string text;
  for (const Piece& piece : pieces) {
    if (piece.variable) {
      text.append(1, '\0').append(piece.text).append(1, '\0');
    } else {
      text += piece.text;
    }
  }
  return text;
}

// A file while it is parsed.
struct OpenFile {
  Lexer lexer;
  FileScope& scope;
  uint32_t manifest;  // number of ManifestFile
};

class ManifestParser {
 public:
  ManifestParser(const ManifestReader& read, const ManifestOptions& options)
      : read_(read), options_(options) {}

  Graph parse(const std::string& path);

 private:
  // A binding of an edge as it is written. The next edge of its rule often has the same lines.
  struct KnownLine {
    std::string_view text;  // empty when its value hangs on variables
    uint32_t lines = 0;
    Text name;
    Text value;
  };
  // A path of the statement that is being read: pieces_[begin] to pieces_[end - 1].
  struct UnreadPath {
    size_t begin = 0;
    size_t end = 0;
  };
  struct PendingDigest {
    uint32_t manifest = 0;
    std::future<Digest> digest;
  };

  void parse_file(const std::string& path, std::string content, FileScope& scope);
  void parse_statements(OpenFile& file);
  void parse_pool(OpenFile& file);
  void parse_rule(OpenFile& file);
  void parse_variable(OpenFile& file);
  void parse_default(OpenFile& file);
  void parse_include(OpenFile& file, bool new_scope);
  void require_version(OpenFile& file, std::string_view version);

  void parse_edge(OpenFile& file);
  void read_paths(Lexer& lexer, std::vector<UnreadPath>& paths);
  void read_edge_variables(OpenFile& file, std::vector<KnownLine>& known);
  bool read_edge_variable(OpenFile& file, KnownLine& line);
  void set_pool(Lexer& lexer);
  void add_outputs(Lexer& lexer, std::span<const UnreadPath> paths, bool implicit);
  void add_inputs(Lexer& lexer, std::span<const UnreadPath> paths, uint32_t Edge::*section);
  void mend_phony_cycle(uint32_t rule);
  void set_dyndep(Lexer& lexer);
  std::string_view edge_path(Lexer& lexer, UnreadPath path);

  std::string_view read_assignment(Lexer& lexer);
  template <class Lookup>
  const std::string& evaluate(std::span<const Piece> pieces, Lookup lookup);
  const std::string& evaluate(std::span<const Piece> pieces, const FileScope& scope);

  const ManifestReader& read_;
  const ManifestOptions& options_;
  std::deque<std::string> contents_;  // what everything that was read refers to
  std::vector<PendingDigest> digests_;
  std::optional<GraphBuilder> builder_;
  size_t depth_ = 0;
  // ninja reads all files of one depth with one lexer, so that they share the right to "$^".
  std::array<bool, kMostNestedFiles> newline_escape_allowed_{};
  // Most manifests bind neither, so that nothing must be looked up.
  bool pool_is_bound_ = false;
  bool dyndep_is_bound_ = false;

  std::vector<Piece> pieces_;
  std::vector<UnreadPath> outputs_;
  std::vector<UnreadPath> implicit_outputs_;
  std::vector<UnreadPath> inputs_;
  std::vector<UnreadPath> implicit_inputs_;
  std::vector<UnreadPath> order_only_inputs_;
  std::vector<UnreadPath> validations_;
  std::string evaluated_;
  std::vector<std::vector<KnownLine>> known_lines_;  // by rule
};

Graph ManifestParser::parse(const std::string& path) {
  std::optional<std::string> content = read_(path);
  if (!content) throw user_error("loading '" + path + "': No such file or directory");
  builder_.emplace(content->size());
  parse_file(path, std::move(*content), builder_->add_file_scope(nullptr));
  for (PendingDigest& pending : digests_) {
    const Digest digest = pending.digest.get();
    if (!options_.phony_cycle_is_error) builder_->set_manifest_digest(pending.manifest, digest);
  }
  return builder_->finish();
}

void ManifestParser::parse_file(const std::string& path, std::string content, FileScope& scope) {
  const std::string& kept = contents_.emplace_back(std::move(content));
  OpenFile file{Lexer(path, kept), scope, builder_->add_manifest(path)};
  digests_.push_back({file.manifest, std::async(kept.size() < kLargeFile ? std::launch::deferred
                                                                         : std::launch::async,
                                                [&kept] { return digest_of(kept); })});
  if (newline_escape_allowed_[depth_]) file.lexer.allow_newline_escape();
  ++depth_;
  parse_statements(file);
  --depth_;
}

void ManifestParser::parse_statements(OpenFile& file) {
  for (;;) {
    const Token token = file.lexer.read_token();
    switch (token) {
      case Token::kPool:
        parse_pool(file);
        break;
      case Token::kBuild:
        parse_edge(file);
        break;
      case Token::kRule:
        parse_rule(file);
        break;
      case Token::kDefault:
        parse_default(file);
        break;
      case Token::kIdent:
        file.lexer.unread_token();
        parse_variable(file);
        break;
      case Token::kInclude:
        parse_include(file, false);
        break;
      case Token::kSubninja:
        parse_include(file, true);
        break;
      case Token::kError:
        throw file.lexer.bad_token();
      case Token::kEof:
        return;
      case Token::kNewline:
        break;
      default:
        throw file.lexer.error(std::string("unexpected ") + token_name(token));
    }
  }
}

// Reads "name = value"; the value into pieces_, behind what is there.
std::string_view ManifestParser::read_assignment(Lexer& lexer) {
  const std::string_view name = lexer.read_ident("expected variable name");
  lexer.expect_token(Token::kEquals);
  lexer.read_value(pieces_);
  if (name == "pool") pool_is_bound_ = true;
  if (name == "dyndep") dyndep_is_bound_ = true;
  return name;
}

template <class Lookup>
const std::string& ManifestParser::evaluate(std::span<const Piece> pieces, Lookup lookup) {
  evaluated_.clear();
  for (const Piece& piece : pieces) {
    evaluated_ += piece.variable ? lookup(piece.text) : piece.text;
    if (evaluated_.size() > kLongestValue) throw_value_too_long(piece.text);
  }
  return evaluated_;
}

const std::string& ManifestParser::evaluate(std::span<const Piece> pieces, const FileScope& scope) {
  return evaluate(pieces, [&scope](std::string_view name) { return scope.value(name); });
}

void ManifestParser::parse_variable(OpenFile& file) {
  pieces_.clear();
  const std::string_view name = read_assignment(file.lexer);
  const std::string& value = evaluate(pieces_, file.scope);
  if (name == "ninja_required_version") require_version(file, value);
  file.scope.variables.insert_or_assign(std::string(name), value);
}

void ManifestParser::require_version(OpenFile& file, std::string_view version) {
  constexpr Version kNewlineEscape = {1, 14};
  const Version ours = parse_version(kNinjaVersion);
  const Version wanted = parse_version(version);
  if (wanted > ours) {
    throw user_error("ninja version (" + std::string(kNinjaVersion) +
                     ") incompatible with build file ninja_required_version version (" +
                     std::string(version) + ").");
  }
  if (wanted.major_number < ours.major_number && options_.warn) {
    options_.warn("ninja executable version (" + std::string(kNinjaVersion) +
                  ") greater than build file ninja_required_version (" + std::string(version) +
                  "); versions may be incompatible.");
  }
  if (wanted >= kNewlineEscape) {
    newline_escape_allowed_[depth_ - 1] = true;
    file.lexer.allow_newline_escape();
  }
}

void ManifestParser::parse_pool(OpenFile& file) {
  Lexer& lexer = file.lexer;
  const std::string_view name = lexer.read_ident("expected pool name");
  lexer.expect_token(Token::kNewline);
  if (builder_->find_pool(name) != kNone) {
    throw lexer.error("duplicate pool '" + std::string(name) + "'");
  }
  int depth = -1;
  while (lexer.peek_token(Token::kIndent)) {
    pieces_.clear();
    const std::string_view key = read_assignment(lexer);
    if (key != "depth") throw lexer.error("unexpected variable '" + std::string(key) + "'");
    const std::string& value = evaluate(pieces_, file.scope);
    const char* end = value.data() + value.size();
    const auto [stop, problem] = std::from_chars(value.data(), end, depth);
    if (problem != std::errc() || stop != end || depth < 0) {
      throw lexer.error("invalid pool depth");
    }
  }
  if (depth < 0) throw lexer.error("expected 'depth =' line");
  builder_->add_pool(name, static_cast<uint32_t>(depth));
}

void ManifestParser::parse_rule(OpenFile& file) {
  Lexer& lexer = file.lexer;
  const std::string_view name = lexer.read_ident("expected rule name");
  lexer.expect_token(Token::kNewline);
  if (file.scope.rules.contains(name)) {
    throw lexer.error("duplicate rule '" + std::string(name) + "'");
  }
  // As in ninja these three are always bound, so that a file's variables do not stand in for them.
  std::map<std::string, std::string, std::less<>> values = {
      {"command", ""}, {"rspfile", ""}, {"rspfile_content", ""}};
  while (lexer.peek_token(Token::kIndent)) {
    pieces_.clear();
    const std::string_view key = read_assignment(lexer);
    if (!is_rule_variable(key)) {
      throw lexer.error("unexpected variable '" + std::string(key) + "'");
    }
    values.insert_or_assign(std::string(key), rule_value(pieces_));
  }
  if (values["rspfile"].empty() != values["rspfile_content"].empty()) {
    throw lexer.error("rspfile and rspfile_content need to be both specified");
  }
  if (values["command"].empty()) throw lexer.error("expected 'command =' line");
  builder_->add_rule(file.scope, name, values);
}

void ManifestParser::parse_default(OpenFile& file) {
  Lexer& lexer = file.lexer;
  pieces_.clear();
  if (!lexer.read_path(pieces_)) throw lexer.error("expected target name");
  do {
    evaluate(pieces_, file.scope);
    if (evaluated_.empty()) throw lexer.error("empty path");
    canonicalize(evaluated_);
    if (!builder_->add_default(evaluated_)) {
      throw lexer.error("unknown target '" + evaluated_ + "'");
    }
    pieces_.clear();
  } while (lexer.read_path(pieces_));
  lexer.expect_token(Token::kNewline);
}

void ManifestParser::parse_include(OpenFile& file, bool new_scope) {
  Lexer& lexer = file.lexer;
  pieces_.clear();
  lexer.read_path(pieces_);
  const std::string path = evaluate(pieces_, file.scope);
  if (depth_ == kMostNestedFiles) {
    throw lexer.error("more than " + std::to_string(kMostNestedFiles) +
                      " files include one another; does '" + path + "' include itself?");
  }
  std::optional<std::string> content;
  try {
    content = read_(path);
  } catch (const Error& error) {
    throw lexer.error("loading '" + path + "': " + error.message());
  }
  if (!content) throw lexer.error("loading '" + path + "': No such file or directory");
  parse_file(path, std::move(*content),
             new_scope ? builder_->add_file_scope(&file.scope) : file.scope);
  lexer.expect_token(Token::kNewline);
}

void ManifestParser::read_paths(Lexer& lexer, std::vector<UnreadPath>& paths) {
  for (;;) {
    const size_t begin = pieces_.size();
    if (!lexer.read_path(pieces_)) return;
    paths.push_back({begin, pieces_.size()});
  }
}

void ManifestParser::parse_edge(OpenFile& file) {
  Lexer& lexer = file.lexer;
  const uint32_t line = lexer.token_line();
  pieces_.clear();
  for (auto* paths : {&outputs_, &implicit_outputs_, &inputs_, &implicit_inputs_,
                      &order_only_inputs_, &validations_}) {
    paths->clear();
  }

  read_paths(lexer, outputs_);
  if (lexer.peek_token(Token::kPipe)) read_paths(lexer, implicit_outputs_);
  if (outputs_.empty() && implicit_outputs_.empty()) throw lexer.error("expected path");
  lexer.expect_token(Token::kColon);
  const std::string_view rule_name = lexer.read_ident("expected build command name");
  const uint32_t rule = file.scope.find_rule(rule_name);
  if (rule == kNone) throw lexer.error("unknown build rule '" + std::string(rule_name) + "'");
  read_paths(lexer, inputs_);
  if (lexer.peek_token(Token::kPipe)) read_paths(lexer, implicit_inputs_);
  if (lexer.peek_token(Token::kPipe2)) read_paths(lexer, order_only_inputs_);
  if (lexer.peek_token(Token::kPipeAt)) read_paths(lexer, validations_);
  lexer.expect_token(Token::kNewline);

  builder_->begin_edge(rule, file.scope, file.manifest, line);
  if (rule >= known_lines_.size()) known_lines_.resize(rule + 1);
  read_edge_variables(file, known_lines_[rule]);
  if (pool_is_bound_) set_pool(lexer);
  add_outputs(lexer, outputs_, false);
  add_outputs(lexer, implicit_outputs_, true);
  add_inputs(lexer, inputs_, &Edge::explicit_inputs);
  add_inputs(lexer, implicit_inputs_, &Edge::implicit_inputs);
  add_inputs(lexer, order_only_inputs_, &Edge::order_only_inputs);
  add_inputs(lexer, validations_, &Edge::validations);
  mend_phony_cycle(rule);
  if (dyndep_is_bound_) set_dyndep(lexer);
  builder_->end_edge();
}

void ManifestParser::read_edge_variables(OpenFile& file, std::vector<KnownLine>& known) {
  size_t at = 0;
  for (;; ++at) {
    if (at == known.size()) known.emplace_back();
    if (!file.lexer.skip_lines(known[at].text, known[at].lines) &&
        !read_edge_variable(file, known[at])) {
      break;
    }
    builder_->add_variable(known[at].name, known[at].value);
  }
  if (at > 0) builder_->end_variables();
}

// False when no variable follows. `line` is what stood at its place in the edge before.
bool ManifestParser::read_edge_variable(OpenFile& file, KnownLine& line) {
  Lexer& lexer = file.lexer;
  const char* begin = lexer.position();
  const uint32_t first_line = lexer.line();
  if (!lexer.peek_token(Token::kIndent)) return false;
  const size_t paths = pieces_.size();
  const std::string_view name = read_assignment(lexer);
  const std::span<const Piece> pieces = std::span(pieces_).subspan(paths);
  const bool plain =
      std::none_of(pieces.begin(), pieces.end(), [](const Piece& piece) { return piece.variable; });
  if (builder_->text(line.name) != name) line.name = builder_->add_text(name);
  line.value = builder_->add_text(plain && pieces.size() == 1 ? pieces[0].text
                                                              : evaluate(pieces, file.scope));
  line.text = plain ? std::string_view(begin, static_cast<size_t>(lexer.position() - begin))
                    : std::string_view();
  line.lines = lexer.line() - first_line;
  pieces_.resize(paths);
  return true;
}

void ManifestParser::set_pool(Lexer& lexer) {
  const std::string name = builder_->binding("pool", Graph::Escape::kShell);
  if (name.empty()) return;
  const uint32_t pool = builder_->find_pool(name);
  if (pool == kNone) throw lexer.error("unknown pool name '" + name + "'");
  builder_->set_pool(pool);
}

// Canonical, and valid until the next call.
std::string_view ManifestParser::edge_path(Lexer& lexer, UnreadPath path) {
  const std::span<const Piece> pieces =
      std::span(pieces_).subspan(path.begin, path.end - path.begin);
  if (pieces.size() == 1 && !pieces[0].variable && is_canonical(pieces[0].text)) {
    return pieces[0].text;
  }
  evaluate(pieces, [this](std::string_view name) { return builder_->path_variable(name); });
  if (evaluated_.empty()) throw lexer.error("empty path");
  canonicalize(evaluated_);
  return evaluated_;
}

void ManifestParser::add_outputs(Lexer& lexer, std::span<const UnreadPath> paths, bool implicit) {
  for (const UnreadPath unread : paths) {
    const std::string_view path = edge_path(lexer, unread);
    switch (builder_->add_output(path, implicit)) {
      case GraphBuilder::OutputState::kAdded:
        break;
      case GraphBuilder::OutputState::kTwice:
        throw lexer.error(std::string(path) + " is defined as an output multiple times");
      case GraphBuilder::OutputState::kOthers:
        throw lexer.error("multiple rules generate " + std::string(path));
    }
  }
}

void ManifestParser::add_inputs(Lexer& lexer, std::span<const UnreadPath> paths,
                                uint32_t Edge::*section) {
  for (const UnreadPath unread : paths) builder_->add_input(edge_path(lexer, unread), section);
}

// CMake 2.8.12 and 3.0 wrote phony edges in this one form that name themselves.
void ManifestParser::mend_phony_cycle(uint32_t rule) {
  if (options_.phony_cycle_is_error || rule != kPhonyRule) return;
  if (outputs_.size() != 1 || !implicit_outputs_.empty() || !implicit_inputs_.empty()) return;
  if (!builder_->mend_phony_cycle() || !options_.warn) return;
  options_.warn("phony target '" + std::string(builder_->first_output()) +
                "' names itself as an input; ignoring [-w phonycycle=warn]");
}

void ManifestParser::set_dyndep(Lexer& lexer) {
  std::string path = builder_->binding("dyndep", Graph::Escape::kRaw);
  if (path.empty()) return;
  canonicalize(path);
  if (!builder_->set_dyndep(path)) throw lexer.error("dyndep '" + path + "' is not an input");
}

}  // namespace

Graph parse_manifest(const std::string& path, const ManifestReader& read,
                     const ManifestOptions& options) {
  return ManifestParser(read, options).parse(path);
}

}  // namespace cntr::ninja
