#include "image/ignore_patterns.h"

#include "base/error.h"
#include "base/text.h"

namespace cntr::image {
namespace {

// Without ".", doubled slashes and what ".." takes back (Go's filepath.Clean), and without a slash
// at the beginning.
std::string cleaned(std::string_view pattern) {
  std::vector<std::string> parts;
  for (const std::string& part : split(pattern, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == ".." && !parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (part != ".." || !pattern.starts_with('/')) {
      parts.push_back(part);
    }
  }
  return join(parts, "/");
}

// Bytes that are not UTF-8 are characters of their own.
std::u32string characters_of(std::string_view text) {
  std::u32string out;
  while (!text.empty()) {
    const size_t length = std::max<size_t>(utf8_sequence_length(text), 1);
    char32_t character = 0;
    for (size_t i = 0; i < length; ++i) {
      character = character << 8 | static_cast<unsigned char>(text[i]);
    }
    out += character;
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace

IgnorePatterns::Token IgnorePatterns::class_at(const std::u32string& pattern, size_t& at) {
  Token token;
  token.kind = Token::Kind::kClass;
  ++at;
  if (at < pattern.size() && pattern[at] == U'^') {
    token.negated = true;
    ++at;
  }
  const auto next = [&] {
    if (at < pattern.size() && pattern[at] == U'\\') ++at;
    if (at >= pattern.size()) throw user_error("a [ without its ]");
    return pattern[at++];
  };
  while (at < pattern.size() && pattern[at] != U']') {
    if (pattern[at] == U'-') throw user_error("a - without its beginning");
    const char32_t first = next();
    char32_t last = first;
    if (at < pattern.size() && pattern[at] == U'-') {
      ++at;
      if (at < pattern.size() && pattern[at] == U']') throw user_error("a - without its end");
      last = next();
    }
    token.characters += {first, last};
  }
  if (at >= pattern.size()) throw user_error("a [ without its ]");
  if (token.characters.empty()) throw user_error("an empty []");
  ++at;
  return token;
}

std::vector<IgnorePatterns::Token> IgnorePatterns::tokens_of(std::string_view text) {
  const std::u32string pattern = characters_of(text);
  std::vector<Token> tokens;
  for (size_t at = 0; at < pattern.size();) {
    Token token;
    const char32_t c = pattern[at];
    if (c == U'[') {
      tokens.push_back(class_at(pattern, at));
      continue;
    }
    ++at;
    if (c == U'*' && at < pattern.size() && pattern[at] == U'*') {
      ++at;
      if (at < pattern.size() && pattern[at] == U'/') ++at;
      token.kind = at == pattern.size() ? Token::Kind::kRest : Token::Kind::kDirectories;
    } else if (c == U'*') {
      token.kind = Token::Kind::kStar;
    } else if (c == U'?') {
      token.kind = Token::Kind::kAny;
    } else if (c == U'\\') {
      if (at == pattern.size()) throw user_error("a \\ at the end");
      token.characters = pattern[at++];
    } else {
      token.characters = c;
    }
    tokens.push_back(std::move(token));
  }
  return tokens;
}

bool IgnorePatterns::accepts(const Token& token, char32_t character) {
  switch (token.kind) {
    case Token::Kind::kCharacter:
      return token.characters[0] == character;
    case Token::Kind::kAny:
    case Token::Kind::kStar:
      return character != U'/';
    case Token::Kind::kDirectories:
    case Token::Kind::kRest:
      return true;
    case Token::Kind::kClass:
      break;
  }
  bool is_in = false;
  for (size_t i = 0; i + 1 < token.characters.size(); i += 2) {
    is_in = is_in || (token.characters[i] <= character && character <= token.characters[i + 1]);
  }
  return is_in != token.negated;
}

// All places in the pattern that the characters so far may have led to, at once: the time is the
// product of both lengths, whatever the pattern.
bool IgnorePatterns::matches(const std::vector<Token>& tokens, std::u32string_view path) {
  const size_t end = tokens.size();
  // before[i]: all before token i has matched. inside[i]: "**/" at i has begun and not ended.
  std::vector<bool> before(end + 1);
  std::vector<bool> inside(end + 1);
  const auto skip_empty = [&] {
    for (size_t i = 0; i < end; ++i) {
      const Token::Kind kind = tokens[i].kind;
      const bool may_be_empty = kind == Token::Kind::kStar || kind == Token::Kind::kRest ||
                                kind == Token::Kind::kDirectories;
      if (before[i] && may_be_empty) before[i + 1] = true;
    }
  };
  before[0] = true;
  skip_empty();
  for (const char32_t character : path) {
    std::vector<bool> next_before(end + 1);
    std::vector<bool> next_inside(end + 1);
    for (size_t i = 0; i < end; ++i) {
      const Token& token = tokens[i];
      if (token.kind == Token::Kind::kDirectories) {
        if (!before[i] && !inside[i]) continue;
        next_inside[i] = true;
        if (character == U'/') next_before[i + 1] = true;
      } else if (before[i] && accepts(token, character)) {
        const bool stays = token.kind == Token::Kind::kStar || token.kind == Token::Kind::kRest;
        next_before[stays ? i : i + 1] = true;
      }
    }
    before = std::move(next_before);
    inside = std::move(next_inside);
    skip_empty();
  }
  return before[end];
}

IgnorePatterns IgnorePatterns::parse(std::string_view text, const std::string& path) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  IgnorePatterns out;
  int number = 0;
  for (const std::string& line : split(text, '\n')) {
    ++number;
    if (line.starts_with('#')) continue;
    std::string_view written = trimmed(line);
    if (written.empty()) continue;
    Pattern pattern;
    pattern.is_exception = written.starts_with('!');
    if (pattern.is_exception) written = trimmed(written.substr(1));
    try {
      if (written.empty()) throw user_error("there is nothing after the !");
      pattern.tokens = tokens_of(cleaned(written));
    } catch (const Error& error) {
      throw user_error_at({path, number, 0},
                          "Bad pattern " + quote(trimmed(line)) + ": " + error.message());
    }
    if (pattern.tokens.empty()) continue;  // the context itself
    out.has_exceptions_ = out.has_exceptions_ || pattern.is_exception;
    out.patterns_.push_back(std::move(pattern));
  }
  return out;
}

bool IgnorePatterns::ignores(std::string_view path) const {
  const std::u32string whole = characters_of(path);
  bool ignored = false;
  for (const Pattern& pattern : patterns_) {
    if (pattern.is_exception != ignored) continue;  // it would change nothing
    bool found = matches(pattern.tokens, whole);
    for (size_t slash = whole.rfind(U'/'); !found && slash != std::u32string::npos && slash > 0;
         slash = whole.rfind(U'/', slash - 1)) {
      found = matches(pattern.tokens, std::u32string_view(whole).substr(0, slash));
    }
    if (found) ignored = !pattern.is_exception;
  }
  return ignored;
}

}  // namespace cntr::image
