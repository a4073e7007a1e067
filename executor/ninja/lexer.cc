#include "ninja/lexer.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace cntr::ninja {

namespace {

// Errors at this column and beyond come without the source line, and longer lines are cut.
constexpr size_t kShownColumns = 72;

enum CharClass : uint8_t {
  kSimpleName = 1,  // in a variable name without braces
  kName = 2,        // in any name
  kPathEnd = 4,     // ends plain text in a path
};

constexpr std::array<uint8_t, 256> make_char_classes() {
  std::array<uint8_t, 256> classes{};
  for (int c = 0; c < 256; ++c) {
    const bool simple = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '_' || c == '-';
    classes[static_cast<size_t>(c)] =
        static_cast<uint8_t>((simple ? kSimpleName | kName : 0) | (c == '.' ? kName : 0));
  }
  for (const char c : {'$', ' ', ':', '|', '\r', '\n', '\0'}) {
    classes[static_cast<unsigned char>(c)] |= kPathEnd;
  }
  return classes;
}

constexpr std::array<uint8_t, 256> kCharClasses = make_char_classes();

bool is(char c, CharClass wanted) {
  return (kCharClasses[static_cast<unsigned char>(c)] & wanted) != 0;
}

// The first character from `p` on that is not of the class; NUL is of no name.
const char* skip_class(const char* p, CharClass wanted) {
  while (is(*p, wanted)) ++p;
  return p;
}

std::string_view between(const char* begin, const char* end) {
  return {begin, static_cast<size_t>(end - begin)};
}

const char* find_char(const char* begin, const char* end, char c) {
  const void* found = std::memchr(begin, c, static_cast<size_t>(end - begin));
  return found == nullptr ? end : static_cast<const char*>(found);
}

constexpr std::array<std::pair<std::string_view, Token>, 6> kKeywords = {{
    {"build", Token::kBuild},
    {"default", Token::kDefault},
    {"include", Token::kInclude},
    {"pool", Token::kPool},
    {"rule", Token::kRule},
    {"subninja", Token::kSubninja},
}};

Token keyword_or_ident(std::string_view word) {
  for (const auto& [keyword, token] : kKeywords) {
    if (word == keyword) return token;
  }
  return Token::kIdent;
}

}  // namespace

const char* token_name(Token token) {
  switch (token) {
    case Token::kError:
      return "lexing error";
    case Token::kBuild:
      return "'build'";
    case Token::kColon:
      return "':'";
    case Token::kDefault:
      return "'default'";
    case Token::kEquals:
      return "'='";
    case Token::kIdent:
      return "identifier";
    case Token::kInclude:
      return "'include'";
    case Token::kIndent:
      return "indent";
    case Token::kNewline:
      return "newline";
    case Token::kPipe:
      return "'|'";
    case Token::kPipe2:
      return "'||'";
    case Token::kPipeAt:
      return "'|@'";
    case Token::kPool:
      return "'pool'";
    case Token::kRule:
      return "'rule'";
    case Token::kSubninja:
      return "'subninja'";
    case Token::kEof:
      return "eof";
  }
  return "";
}

Lexer::Lexer(std::string name, const std::string& content)
    : name_(std::move(name)),
      begin_(content.data()),
      end_(begin_ + content.size()),
      at_(begin_),
      token_(begin_),
      has_carriage_returns_(find_char(begin_, end_, '\r') != end_) {
  const char* nul = find_char(begin_, end_, '\0');
  if (nul != end_) throw error_at(nul, "unexpected NUL byte");
}

Token Lexer::read_token() {
  const char* p = at_;
  Token token = Token::kError;
  for (;;) {
    token_ = p;
    token_line_ = line_;
    const char* q = p;
    while (*q == ' ') ++q;
    if (*q == '#') {
      const char* newline = find_char(q, end_, '\n');
      if (newline != end_) {
        p = newline + 1;
        ++line_;
        continue;
      }
    }
    if (*q == '\n' || (*q == '\r' && q[1] == '\n')) {
      at_ = q + (*q == '\n' ? 1 : 2);
      ++line_;
      return Token::kNewline;
    }
    if (q > p) {
      token = Token::kIndent;
      p = q;
      break;
    }
    if (is(*p, kName)) {
      p = skip_class(p, kName);
      token = keyword_or_ident(between(token_, p));
      break;
    }
    if (p == end_) return Token::kEof;
    ++p;
    if (p[-1] == '=') token = Token::kEquals;
    if (p[-1] == ':') token = Token::kColon;
    if (p[-1] == '|') {
      token = *p == '|' ? Token::kPipe2 : *p == '@' ? Token::kPipeAt : Token::kPipe;
      if (token != Token::kPipe) ++p;
    }
    break;
  }
  at_ = p;
  skip_spaces();
  return token;
}

bool Lexer::peek_token(Token token) {
  if (read_token() == token) return true;
  unread_token();
  return false;
}

void Lexer::expect_token(Token token) {
  const Token got = read_token();
  if (got == token) return;
  throw error(std::string("expected ") + token_name(token) + ", got " + token_name(got) +
              (token == Token::kColon ? " ($ also escapes ':')" : ""));
}

std::string_view Lexer::read_ident(const char* error_text) {
  token_ = at_;
  token_line_ = line_;
  const char* end = skip_class(at_, kName);
  if (end == at_) throw error(error_text);
  at_ = end;
  skip_spaces();
  return between(token_, end);
}

void Lexer::skip_spaces() {
  for (;;) {
    while (*at_ == ' ') ++at_;
    if (*at_ != '$') return;
    if (at_[1] == '\n') {
      at_ += 2;
    } else if (at_[1] == '\r' && at_[2] == '\n') {
      at_ += 3;
    } else {
      return;
    }
    ++line_;
  }
}

bool Lexer::skip_lines(std::string_view text, uint32_t lines) {
  if (text.empty() || text.size() > static_cast<size_t>(end_ - at_)) return false;
  if (std::memcmp(at_, text.data(), text.size()) != 0) return false;
  at_ += text.size();
  line_ += lines;
  return true;
}

bool Lexer::read_path(std::vector<Piece>& pieces) {
  const size_t before = pieces.size();
  const char* p = at_;
  for (;;) {
    const char* end = p;
    while (!is(*end, kPathEnd)) ++end;
    if (end > p) pieces.push_back({between(p, end), false});
    p = end;
    if (*p == '$') {
      p = read_escape(p, pieces);
      continue;
    }
    if (p == end_) throw error_at(p, "unexpected EOF");
    if (*p == '\r' && p[1] != '\n') throw error_at(p, "lexing error");
    break;
  }
  token_ = p;
  token_line_ = line_;
  at_ = p;
  skip_spaces();
  return pieces.size() > before;
}

const char* Lexer::end_of_plain_value(const char* from) const {
  const char* end = find_char(from, end_, '\n');
  end = find_char(from, end, '$');
  return has_carriage_returns_ ? find_char(from, end, '\r') : end;
}

bool Lexer::read_value(std::vector<Piece>& pieces) {
  const size_t before = pieces.size();
  const char* p = at_;
  for (;;) {
    const char* end = end_of_plain_value(p);
    if (end > p) pieces.push_back({between(p, end), false});
    p = end;
    if (*p == '$') {
      p = read_escape(p, pieces);
      continue;
    }
    if (p == end_) throw error_at(p, "unexpected EOF");
    if (*p == '\r' && p[1] != '\n') throw error_at(p, "lexing error");
    break;
  }
  token_ = p;
  token_line_ = line_;
  at_ = p + (*p == '\n' ? 1 : 2);
  ++line_;
  return pieces.size() > before;
}

const char* Lexer::continued_line(const char* newline) {
  ++line_;
  const char* p = newline + 1;
  while (*p == ' ') ++p;
  return p;
}

const char* Lexer::read_escape(const char* dollar, std::vector<Piece>& pieces) {
  const char* p = dollar + 1;
  switch (*p) {
    case '$':
    case ' ':
    case ':':
      pieces.push_back({between(p, p + 1), false});
      return p + 1;
    case '\n':
      return continued_line(p);
    case '\r':
      if (p[1] == '\n') return continued_line(p + 1);
      break;
    case '^':
      if (!newline_escape_allowed_) {
        throw error(
            "using $^ escape requires specifying 'ninja_required_version' with version greater or "
            "equal 1.14");
      }
      pieces.push_back({"\n", false});
      return p + 1;
    case '{': {
      const char* end = skip_class(p + 1, kName);
      if (end == p + 1 || *end != '}') break;
      pieces.push_back({between(p + 1, end), true});
      return end + 1;
    }
    default: {
      const char* end = skip_class(p, kSimpleName);
      if (end == p) break;
      pieces.push_back({between(p, end), true});
      return end;
    }
  }
  throw error_at(dollar, "bad $-escape (literal $ must be written as $$)");
}

Error Lexer::error_at(const char* place, const std::string& message) {
  token_ = place;
  return error(message);
}

Error Lexer::bad_token() const {
  return error(*token_ == '\t' ? "tabs are not allowed, use spaces" : "lexing error");
}

Error Lexer::error(const std::string& message) const {
  const char* line_start = begin_;
  size_t line = 1;
  for (const char* p = find_char(begin_, token_, '\n'); p != token_;
       p = find_char(line_start, token_, '\n')) {
    line_start = p + 1;
    ++line;
  }
  std::string text = name_ + ":" + std::to_string(line) + ": " + message;
  const auto column = static_cast<size_t>(token_ - line_start);
  if (column > 0 && column < kShownColumns) {
    const char* line_end = find_char(line_start, find_char(line_start, end_, '\n'), '\0');
    const auto length = static_cast<size_t>(line_end - line_start);
    text += "\n" + std::string(line_start, std::min(length, kShownColumns)) +
            (length >= kShownColumns ? "..." : "") + "\n" + std::string(column, ' ') +
            "^ near here";
  }
  return user_error(text);
}

}  // namespace cntr::ninja
