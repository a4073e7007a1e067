#include <algorithm>
#include <array>

#include "engine/command_runner.h"

namespace cntr::engine {
namespace {

// Reserved words and builtins of the shells that are /bin/sh somewhere (dash, bash, busybox, ksh,
// zsh), but for those that a program of the same name does exactly alike, like `true`. Sorted.
constexpr auto kShellWords = std::to_array<std::string_view>(
    {"!",         ".",         ":",         "[",        "[[",       "]]",      "alias",
     "array",     "autoload",  "bg",        "bind",     "bindkey",  "break",   "builtin",
     "bye",       "caller",    "case",      "cd",       "chdir",    "command", "compgen",
     "complete",  "compopt",   "continue",  "coproc",   "declare",  "dirs",    "disable",
     "disown",    "do",        "done",      "echo",     "echotc",   "elif",    "else",
     "emulate",   "enable",    "end",       "esac",     "eval",     "exec",    "exit",
     "export",    "fc",        "fg",        "fi",       "float",    "for",     "foreach",
     "function",  "functions", "getln",     "getopts",  "global",   "hash",    "help",
     "hist",      "history",   "if",        "integer",  "jobs",     "kill",    "let",
     "limit",     "local",     "log",       "logout",   "mapfile",  "nameref", "namespace",
     "nocorrect", "noglob",    "popd",      "print",    "printf",   "pushd",   "pushln",
     "pwd",       "read",      "readarray", "readonly", "redirect", "rehash",  "repeat",
     "return",    "sched",     "select",    "set",      "setopt",   "shift",   "shopt",
     "source",    "stop",      "suspend",   "test",     "then",     "time",    "times",
     "trap",      "type",      "typeset",   "ulimit",   "umask",    "unalias", "unfunction",
     "unhash",    "unlimit",   "unset",     "unsetopt", "until",    "vared",   "wait",
     "whence",    "where",     "which",     "while",    "{",        "}"});
static_assert(std::is_sorted(kShellWords.begin(), kShellWords.end()));

bool means_something_to_a_shell(std::string_view program) {
  // An assignment, or a job.
  if (program.empty() || program.front() == '%' || program.find('=') != std::string_view::npos)
    return true;
  return std::binary_search(kShellWords.begin(), kShellWords.end(), program);
}

// Splits as POSIX 2.2 and 2.3 say, and gives up at everything that is more than quoting.
class WordReader {
 public:
  explicit WordReader(std::string_view command) : rest_(command) {}

  // False when it gave up.
  bool read_all() {
    while (!rest_.empty()) {
      if (!read_piece(take())) return false;
    }
    end_word();
    return true;
  }

  std::vector<std::string> words() && { return std::move(words_); }

 private:
  char take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  bool read_piece(char c) {
    switch (c) {
      case ' ':
      case '\t':
        end_word();
        return true;
      case '\'':
        return read_single_quoted();
      case '"':
        return read_double_quoted();
      case '\\':
        return read_escaped();
      case '#':
        return in_word_ && add(c);
      default:
        return !is_special(c) && add(c);
    }
  }

  static bool is_special(char c) {
    return c == '\0' || std::string_view("|&;<>()$`*?[{}~\n").find(c) != std::string_view::npos;
  }

  bool add(char c) {
    word_ += c;
    in_word_ = true;
    return true;
  }

  void end_word() {
    if (in_word_) words_.push_back(std::move(word_));
    word_.clear();
    in_word_ = false;
  }

  bool read_single_quoted() {
    const size_t end = rest_.find('\'');
    if (end == std::string_view::npos || rest_.substr(0, end).find('\0') != std::string_view::npos)
      return false;
    word_ += rest_.substr(0, end);
    in_word_ = true;
    rest_.remove_prefix(end + 1);
    return true;
  }

  bool read_double_quoted() {
    in_word_ = true;
    while (!rest_.empty()) {
      const char c = take();
      if (c == '"') return true;
      if (c == '$' || c == '`' || c == '\0') return false;
      if (c == '\\' && !rest_.empty() && is_escapable_in_quotes(rest_.front())) {
        if (!read_escaped()) return false;
      } else {
        word_ += c;
      }
    }
    return false;
  }

  static bool is_escapable_in_quotes(char c) {
    return c == '$' || c == '`' || c == '"' || c == '\\' || c == '\n';
  }

  // What follows a backslash. A newline would vanish: rare enough to leave it to the shell.
  bool read_escaped() {
    if (rest_.empty() || rest_.front() == '\n' || rest_.front() == '\0') return false;
    return add(take());
  }

  std::string_view rest_;
  std::vector<std::string> words_;
  std::string word_;
  bool in_word_ = false;  // a word may be empty: ''
};

}  // namespace

std::optional<std::vector<std::string>> direct_words(std::string_view command) {
  WordReader reader(command);
  if (!reader.read_all()) return std::nullopt;
  std::vector<std::string> words = std::move(reader).words();
  if (words.empty() || means_something_to_a_shell(words[0])) return std::nullopt;
  return words;
}

}  // namespace cntr::engine
