// The patterns of a .dockerignore file, as Docker's documentation and
// github.com/moby/patternmatcher define them: which files of a build's context count.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cntr::image {

class IgnorePatterns {
 public:
  IgnorePatterns() = default;  // ignores nothing

  // Throws a user Error at the line of a pattern that is malformed. `path` names the text.
  static IgnorePatterns parse(std::string_view text, const std::string& path);

  // Whether the file or directory is left out: the last pattern decides that matches it or a
  // directory above it. `path` is relative to the context, without "." and "..".
  bool ignores(std::string_view path) const;

  // Whether something below an ignored directory may count all the same (a pattern with "!").
  bool has_exceptions() const { return has_exceptions_; }

 private:
  struct Token {
    enum class Kind {
      kCharacter,
      kAny,          // "?": any character but a slash
      kStar,         // "*": any number of them
      kClass,        // "[a-z]"
      kDirectories,  // "**/": nothing, or anything that ends with a slash
      kRest,         // "**" at the end: anything
    } kind = Kind::kCharacter;
    std::u32string characters;  // one, or the pairs of a class' ranges
    bool negated = false;
  };
  struct Pattern {
    bool is_exception = false;
    std::vector<Token> tokens;
  };

  static std::vector<Token> tokens_of(std::string_view pattern);
  static Token class_at(const std::u32string& pattern, size_t& at);
  static bool accepts(const Token& token, char32_t character);
  static bool matches(const std::vector<Token>& tokens, std::u32string_view path);

  std::vector<Pattern> patterns_;
  bool has_exceptions_ = false;
};

}  // namespace cntr::image
