// Prints the lines of a build as ninja does: on a terminal one status line that is overprinted, in
// a file or a pipe one line after the other.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

namespace cntr::cli {

struct TerminalTraits {
  bool smart = false;  // a line can be overprinted
  bool color = false;  // ANSI colors are shown
};

// Of an open descriptor, and the variables TERM, NO_COLOR, CLICOLOR_FORCE and FORCE_COLOR.
TerminalTraits terminal_traits(int descriptor);

// The text on at most `width` columns: what is too much in the middle becomes "...". Color
// sequences take no columns and stay all; no character is cut in two. Non-ASCII characters count
// as the widest that their length in UTF-8 allows.
std::string elide_middle(const std::string& text, size_t width);

// Without ANSI control sequences (ESC [ ... letter) and lone ESC.
std::string without_ansi_sequences(std::string_view text);

// Not thread-safe. Everything is flushed at once.
class LinePrinter {
 public:
  LinePrinter(std::FILE* out, TerminalTraits traits) : out_(out), smart_(traits.smart) {}

  bool smart() const { return smart_; }

  // The status: replaces the one before on a smart terminal, and is elided to its width.
  void print_status(const std::string& line);
  // Text that stays, from the start of a line on.
  void print_text(std::string_view text);
  // Ends a status line of a smart terminal, so that others may print.
  void leave_status();

  // Another process has the terminal: until it is unlocked nothing is printed but kept, all texts
  // and the last status.
  void lock_console();
  void unlock_console();

 private:
  enum class Cursor { kLineStart, kAfterStatus, kAfterText };

  void write(std::string_view text);
  std::string fitted(const std::string& line) const;

  std::FILE* out_;
  bool smart_;
  Cursor cursor_ = Cursor::kLineStart;
  bool locked_ = false;
  std::string kept_status_;
  std::string kept_text_;
};

}  // namespace cntr::cli
