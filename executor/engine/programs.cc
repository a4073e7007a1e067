#include "engine/programs.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/file_system.h"
#include "base/process.h"

namespace cntr::engine {
namespace {

bool is_assignment(std::string_view word) {
  const size_t equals = word.find('=');
  if (equals == std::string_view::npos || equals == 0) return false;
  return std::all_of(word.begin(), word.begin() + static_cast<ptrdiff_t>(equals), [](char c) {
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  });
}

// Programs that run the program in their arguments.
bool starts_another(std::string_view program) {
  constexpr std::array<std::string_view, 7> kStarters = {"ccache", "distcc", "sccache", "env",
                                                         "nice",   "time",   "nohup"};
  return std::find(kStarters.begin(), kStarters.end(), program) != kStarters.end();
}

bool is_shell_word(std::string_view word) {
  constexpr std::array<std::string_view, 24> kWords = {
      ":",   "[",      "cd",     "test", "echo", "true", "false", "exit",
      "set", "export", "printf", "if",   "then", "else", "elif",  "fi",
      "for", "while",  "until",  "do",   "done", "case", "esac",  "!"};
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

std::string absolute_or_below(const std::string& directory, const std::string& path) {
  return directory.empty() || path.starts_with('/') ? path : directory + "/" + path;
}

// Finds "cmake -E env" in the words behind a program: another program follows it.
class CMakeEnv {
 public:
  void see_program(std::string_view name) { seen_ = name == "cmake" ? 1 : 0; }
  // True when `word` completes it.
  bool see_argument(std::string_view word) {
    if (seen_ == 1 && word == "-E") {
      seen_ = 2;
      return false;
    }
    return std::exchange(seen_, 0) == 2 && word == "env";
  }

 private:
  int seen_ = 0;
};

// Splits a command into words and separators as far as its syntax is simple.
class Words {
 public:
  explicit Words(std::string_view text) : text_(text) {}

  enum class Kind { kWord, kSeparator, kEnd, kHard };
  Kind next() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
    if (at_ >= text_.size()) return Kind::kEnd;
    if (std::string_view(";&|\n").find(text_[at_]) != std::string_view::npos) {
      while (at_ < text_.size() &&
             std::string_view(";&|\n").find(text_[at_]) != std::string_view::npos)
        ++at_;
      return Kind::kSeparator;
    }
    word_.clear();
    while (at_ < text_.size() &&
           std::string_view(" \t;&|\n").find(text_[at_]) == std::string_view::npos) {
      if (!take()) return Kind::kHard;
    }
    return Kind::kWord;
  }
  const std::string& word() const { return word_; }

 private:
  // One character or one quoted piece.
  bool take() {
    const char c = text_[at_++];
    if (c == '$' || c == '`' || c == '(' || c == ')' || c == '{') return false;
    if (c == '<' || c == '>') {
      word_ += c;
      if (at_ < text_.size() && text_[at_] == '&') word_ += text_[at_++];  // 2>&1
    } else if (c == '\\') {
      if (at_ >= text_.size()) return false;
      word_ += text_[at_++];
    } else if (c == '\'' || c == '"') {
      const size_t end = text_.find(c, at_);
      if (end == std::string_view::npos) return false;
      const std::string_view inside = text_.substr(at_, end - at_);
      if (c == '"' && inside.find_first_of("\\$`") != std::string_view::npos) return false;
      word_ += inside;
      at_ = end + 1;
    } else {
      word_ += c;
    }
    return true;
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string word_;
};

}  // namespace

std::vector<std::string> program_words(std::string_view command) {
  std::vector<std::string> found;
  Words words(command);
  bool expects_program = true;
  bool expects_directory = false;
  CMakeEnv cmake_env;
  std::string directory;  // where "cd" led to
  while (true) {
    switch (words.next()) {
      case Words::Kind::kEnd:
      case Words::Kind::kHard:
        return found;
      case Words::Kind::kSeparator:
        expects_program = true;
        break;
      case Words::Kind::kWord: {
        const std::string& word = words.word();
        if (std::exchange(expects_directory, false)) {
          if (word.starts_with('-')) return found;
          directory = absolute_or_below(directory, word);
        }
        if (!expects_program) {
          expects_program = cmake_env.see_argument(word);
          break;
        }
        if (word.find_first_of("<>") != std::string::npos) return found;
        const bool option = word.starts_with('-') || word.empty();
        if (option || is_assignment(word)) break;
        if (is_shell_word(word)) {
          expects_program = false;
          expects_directory = word == "cd";
          break;
        }
        const bool by_path = word.find('/') != std::string::npos;
        found.push_back(by_path ? absolute_or_below(directory, word) : word);
        expects_program = starts_another(base_name(word));
        cmake_env.see_program(base_name(word));
        break;
      }
    }
  }
}

std::optional<std::string> Programs::find(const std::string& name) {
  const auto known = found_.find(name);
  if (known != found_.end()) return known->second;
  return found_.emplace(name, find_program(name, search_path_)).first->second;
}

std::vector<Program> Programs::of(const std::string& command) {
  std::vector<Program> programs;
  for (const std::string& word : program_words(command)) {
    Program program{word, word.find('/') == std::string::npos};
    if (program.by_search) {
      const std::optional<std::string> path = find(word);
      if (!path) continue;
      program.path = *path;
    } else {
      // As the graph names a program that it makes itself.
      const std::string path = normal_path(word, directory_);
      program.path = path_below(path, directory_).value_or(path);
    }
    const bool known = std::any_of(programs.begin(), programs.end(), [&](const Program& other) {
      return other.path == program.path;
    });
    if (!known) programs.push_back(std::move(program));
  }
  return programs;
}

}  // namespace cntr::engine
