#include "cli/line_printer.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/process.h"
#include "base/text.h"

namespace cntr::cli {
namespace {

bool is_wanted(const std::string& variable) {
  const std::optional<std::string> value = environment_variable(variable);
  return value && *value != "0";
}

// Length of the color sequence (ESC [ numbers m) at the start of `text`, 0 when there is none.
size_t color_sequence_length(std::string_view text) {
  if (!text.starts_with("\x1b[")) return 0;
  const size_t end = text.find_first_not_of("0123456789;", 2);
  return end != std::string_view::npos && text[end] == 'm' ? end + 1 : 0;
}

// A color sequence or a character.
struct Piece {
  std::string_view bytes;
  size_t columns = 0;
};

Piece first_piece(std::string_view text) {
  if (const size_t size = color_sequence_length(text); size > 0) return {text.substr(0, size), 0};
  const size_t size = std::max<size_t>(utf8_sequence_length(text), 1);
  return {text.substr(0, size), size < 3 ? 1u : 2u};
}

std::vector<Piece> pieces_of(std::string_view text) {
  std::vector<Piece> pieces;
  while (!text.empty()) {
    pieces.push_back(first_piece(text));
    text.remove_prefix(pieces.back().bytes.size());
  }
  return pieces;
}

}  // namespace

TerminalTraits terminal_traits(int descriptor) {
  const std::optional<std::string> term = environment_variable("TERM");
  TerminalTraits traits;
  traits.smart = isatty(descriptor) != 0 && term && *term != "dumb";
  const bool unwanted = is_wanted("NO_COLOR");
  traits.color =
      (!unwanted && (traits.smart || is_wanted("CLICOLOR_FORCE"))) || is_wanted("FORCE_COLOR");
  return traits;
}

std::string elide_middle(const std::string& text, size_t width) {
  if (text.size() <= width) return text;
  const std::vector<Piece> pieces = pieces_of(text);
  size_t columns = 0;
  for (const Piece& piece : pieces) columns += piece.columns;
  if (columns <= width) return text;

  const std::string dots(std::min<size_t>(width, 3), '.');
  const size_t left = (width - dots.size()) / 2;
  const size_t right = width - dots.size() - left;
  size_t gap_start = 0;
  for (size_t used = 0; used < left; ++gap_start) {
    used += pieces[gap_start].columns;
    if (used > left) break;
  }
  size_t gap_end = pieces.size();
  for (size_t used = 0; gap_end > gap_start; --gap_end) {
    used += pieces[gap_end - 1].columns;
    if (used > right) break;
  }

  std::string result;
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (i == gap_start) result += dots;
    const bool is_in_gap = i >= gap_start && i < gap_end;
    if (!is_in_gap || pieces[i].columns == 0) result += pieces[i].bytes;
  }
  return result;
}

std::string without_ansi_sequences(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\x1b') {
      plain += text[i];
    } else if (text.substr(i + 1).starts_with('[')) {
      const auto is_letter = [](char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; };
      i += 2;
      while (i < text.size() && !is_letter(text[i])) ++i;
    }
  }
  return plain;
}

void LinePrinter::print_status(const std::string& line) {
  if (locked_) {
    kept_status_ = line;
  } else if (smart_) {
    // Output without a newline at its end would be overprinted.
    if (cursor_ == Cursor::kAfterText) write("\n");
    write("\r" + fitted(line) + "\x1b[K");
    cursor_ = Cursor::kAfterStatus;
  } else {
    write(line + "\n");
  }
}

void LinePrinter::print_text(std::string_view text) {
  std::string whole;
  if (locked_ && !kept_status_.empty()) whole = std::exchange(kept_status_, "") + "\n";
  if (cursor_ != Cursor::kLineStart) whole += '\n';
  whole += text;
  cursor_ = text.empty() || text.ends_with('\n') ? Cursor::kLineStart : Cursor::kAfterText;
  if (locked_) {
    kept_text_ += whole;
  } else {
    write(whole);
  }
}

void LinePrinter::leave_status() {
  if (!locked_ && smart_ && cursor_ == Cursor::kAfterStatus) print_text("");
}

void LinePrinter::lock_console() {
  print_text("");
  locked_ = true;
}

void LinePrinter::unlock_console() {
  if (!locked_) return;
  locked_ = false;
  print_text(std::exchange(kept_text_, ""));
  if (!kept_status_.empty()) print_status(std::exchange(kept_status_, ""));
}

void LinePrinter::write(std::string_view text) {
  if (text.empty()) return;
  // What cannot be printed is lost; the build goes on.
  std::fwrite(text.data(), 1, text.size(), out_);
  std::fflush(out_);
}

std::string LinePrinter::fitted(const std::string& line) const {
  winsize size;
  if (ioctl(fileno(out_), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return line;
  return elide_middle(line, size.ws_col);
}

}  // namespace cntr::cli
