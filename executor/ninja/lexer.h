// The tokens of Ninja files: manifests and dyndep files.
//
// Errors are user Errors whose message is as ninja prints it: "file:line: message", the source line
// and a caret (without these two where the error lies at the start of a line or far to the right).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace cntr::ninja {

enum class Token : uint8_t {
  kError,
  kBuild,
  kColon,
  kDefault,
  kEquals,
  kIdent,
  kInclude,
  kIndent,
  kNewline,
  kPipe,
  kPipe2,
  kPipeAt,
  kPool,
  kRule,
  kSubninja,
  kEof,
};

// A part of a text that is still to be evaluated: plain text, or the name of a variable.
struct Piece {
  std::string_view text;
  bool variable = false;
};

// Reads one file. What it returns refers to `content`, which must outlive that. Not thread-safe.
class Lexer {
 public:
  // Throws when there is a NUL byte in the content.
  Lexer(std::string name, const std::string& content);

  Token read_token();
  void unread_token() { at_ = token_, line_ = token_line_; }
  // Reads the next token if it is this one.
  bool peek_token(Token token);
  // Throws "expected 'x', got 'y'".
  void expect_token(Token token);
  // A name of a rule, a pool or a variable. Throws `error` when none stands there.
  std::string_view read_ident(const char* error);
  // Append the pieces of a path, or of a value up to the end of its line. False when there is none.
  bool read_path(std::vector<Piece>& pieces);
  bool read_value(std::vector<Piece>& pieces);

  // Skips `text` when the input goes on with it. It must be whole lines, `lines` of them.
  bool skip_lines(std::string_view text, uint32_t lines);
  // Where it stands.
  const char* position() const { return at_; }
  uint32_t line() const { return line_; }
  uint32_t token_line() const { return token_line_; }

  // "$^" stands for a newline; without this it is an error.
  void allow_newline_escape() { newline_escape_allowed_ = true; }

  // An error at the last token.
  Error error(const std::string& message) const;
  // What is wrong with the last token, a kError.
  Error bad_token() const;

 private:
  void skip_spaces();
  const char* end_of_plain_value(const char* from) const;
  const char* read_escape(const char* dollar, std::vector<Piece>& pieces);
  // Behind the newline and the indent of the next line.
  const char* continued_line(const char* newline);
  Error error_at(const char* place, const std::string& message);

  std::string name_;
  const char* begin_;
  const char* end_;  // a NUL stands there
  const char* at_;
  const char* token_;  // the last one
  uint32_t line_ = 1;
  uint32_t token_line_ = 1;
  bool has_carriage_returns_;
  bool newline_escape_allowed_ = false;
};

const char* token_name(Token token);

}  // namespace cntr::ninja
