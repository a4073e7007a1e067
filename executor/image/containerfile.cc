#include "image/containerfile.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/text.h"

namespace cntr::image {
namespace {

using Variables = std::map<std::string, std::string>;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool is_name_character(char c) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string unquoted(std::string text) {
  const bool is_quoted = text.size() >= 2 && (text.front() == '"' || text.front() == '\'') &&
                         text.back() == text.front();
  return is_quoted ? text.substr(1, text.size() - 2) : text;
}

// $NAME, ${NAME}, ${NAME:-default}, ${NAME:+other}.
std::string expanded(std::string_view text, const Variables& variables, int depth = 0) {
  constexpr int kMaxDepth = 16;
  std::string out;
  for (size_t i = 0; i < text.size();) {
    if (text[i] != '$' || i + 1 == text.size() || depth == kMaxDepth) {
      out += text[i++];
      continue;
    }
    const bool braced = text[i + 1] == '{';
    const size_t begin = i + (braced ? 2 : 1);
    size_t end = begin;
    while (end < text.size() && is_name_character(text[end])) ++end;
    const auto found = variables.find(std::string(text.substr(begin, end - begin)));
    const std::string value = found == variables.end() ? "" : found->second;
    const size_t close = braced ? text.find('}', end) : end;
    if (end == begin || close == std::string_view::npos) {
      out += text[i++];
      continue;
    }
    const std::string_view rest = text.substr(end, close - end);
    if (rest.starts_with(":-") && value.empty()) {
      out += expanded(rest.substr(2), variables, depth + 1);
    } else if (rest.starts_with(":+")) {
      if (!value.empty()) out += expanded(rest.substr(2), variables, depth + 1);
    } else {
      out += value;
    }
    i = braced ? close + 1 : close;
  }
  return out;
}

// A word of an instruction: where it stands in the text.
struct Word {
  size_t begin = 0;
  size_t size = 0;
};

class Reader {
 public:
  Reader(std::string_view text, const std::string& path, const std::vector<std::string>& arguments,
         const Platform& platform, const std::function<std::string(const BaseImage&)>& replace)
      : text_(text), path_(path), replace_(replace) {
    for (const char* const prefix : {"TARGET", "BUILD"}) {
      variables_[std::string(prefix) + "PLATFORM"] = platform.text();
      variables_[std::string(prefix) + "OS"] = platform.os;
      variables_[std::string(prefix) + "ARCH"] = platform.architecture;
      variables_[std::string(prefix) + "VARIANT"] = platform.variant;
    }
    for (const std::string& argument : arguments) {
      const size_t equals = argument.find('=');
      given_[argument.substr(0, equals)] =
          equals == std::string::npos ? "" : argument.substr(equals + 1);
    }
  }

  std::string read() {
    bool at_directives = true;
    while (at_ < text_.size()) {
      const std::string_view line = line_at(at_);
      if (at_directives) at_directives = read_directive(line);
      const size_t first = line.find_first_not_of(" \t\r");
      if (first == std::string_view::npos || line[first] == '#') {
        pass(line.size() + 1);
      } else {
        read_instruction();
      }
    }
    out_ += text_.substr(std::min(copied_, text_.size()));
    return std::move(out_);
  }

 private:
  std::string_view line_at(size_t at) const {
    return text_.substr(at, std::min(text_.find('\n', at), text_.size()) - at);
  }

  void pass(size_t count) {
    line_ += static_cast<int>(std::count(
        text_.begin() + static_cast<std::ptrdiff_t>(at_),
        text_.begin() + static_cast<std::ptrdiff_t>(std::min(at_ + count, text_.size())), '\n'));
    at_ += count;
  }

  // "# escape=`": true while more directives may follow.
  bool read_directive(std::string_view line) {
    std::string text;
    for (const char c : line) {
      if (!is_blank(c)) text += c;
    }
    if (!text.starts_with('#') || text.find('=') == std::string::npos) return false;
    if (lower(text) == "#escape=`") escape_ = '`';
    return true;
  }

  // Where the instruction ends that begins at at_: comments and empty lines may stand within.
  size_t end_of_instruction() const {
    size_t at = at_;
    for (;;) {
      const std::string_view line = line_at(at);
      const size_t next = at + line.size() + 1;
      const size_t first = line.find_first_not_of(" \t\r");
      const size_t last = line.find_last_not_of(" \t\r");
      const bool passed_over = at != at_ && (first == std::string_view::npos || line[first] == '#');
      const bool goes_on = passed_over || (last != std::string_view::npos && line[last] == escape_);
      if (next >= text_.size()) return text_.size();
      if (!goes_on) return next;
      at = next;
    }
  }

  std::vector<Word> words_of(size_t end) const {
    std::vector<Word> out;
    size_t at = at_;
    while (at < end) {
      const std::string_view line = line_at(at).substr(0, end - at);
      const size_t first = line.find_first_not_of(" \t\r");
      const bool is_comment = first != std::string_view::npos && line[first] == '#';
      for (size_t i = 0; !is_comment && i < line.size();) {
        if (is_blank(line[i]) || is_continuation(line, i)) {
          ++i;
          continue;
        }
        const size_t begin = i;
        char quote = 0;
        for (; i < line.size() && (quote != 0 || !is_blank(line[i])); ++i) {
          if (is_continuation(line, i)) break;
          if (quote == 0 && (line[i] == '"' || line[i] == '\'')) {
            quote = line[i];
          } else if (line[i] == quote) {
            quote = 0;
          }
        }
        out.push_back({at + begin, i - begin});
      }
      at += line.size() + 1;
    }
    return out;
  }

  bool is_continuation(std::string_view line, size_t at) const {
    return line[at] == escape_ && line.find_first_not_of(" \t\r", at + 1) == std::string_view::npos;
  }

  std::string text_of(const Word& word) const {
    return std::string(text_.substr(word.begin, word.size));
  }

  void read_instruction() {
    const size_t end = end_of_instruction();
    const std::vector<Word> words = words_of(end);
    const std::string name = words.empty() ? "" : lower(text_of(words.front()));
    if (name == "from") {
      read_from(words);
    } else if (name == "arg" && !has_stage_) {
      read_arguments(words);
    } else if (name == "copy" || name == "add" || name == "run") {
      for (size_t i = 1; i < words.size() && text_.substr(words[i].begin, 2) == "--"; ++i) {
        read_option(words[i]);
      }
    }
    const size_t instruction = at_;
    pass(end - at_);
    if (name == "copy" || name == "add" || name == "run") {
      skip_here_documents(text_.substr(instruction, end - instruction));
    }
  }

  void read_from(const std::vector<Word>& words) {
    size_t image = 1;
    std::string platform;
    constexpr std::string_view kPlatform = "--platform=";
    for (; image < words.size() && text_.substr(words[image].begin, 2) == "--"; ++image) {
      const std::string option = text_of(words[image]);
      if (option.starts_with(kPlatform)) {
        platform = expanded(unquoted(option.substr(kPlatform.size())), variables_);
      }
    }
    if (image >= words.size()) {
      throw user_error_at({path_, line_, 0}, "FROM names no image");
    }
    const std::string name = expanded(unquoted(text_of(words[image])), variables_);
    if (name.empty()) {
      throw user_error_at(
          {path_, line_, 0},
          "FROM " + quote(text_of(words[image])) + " names no image: a variable has no value",
          {"Give it with BUILD_ARGS, or a default with ARG before the first FROM."});
    }
    replace_name(words[image], name, platform);
    if (image + 2 < words.size() && lower(text_of(words[image + 1])) == "as") {
      stages_.insert(lower(text_of(words[image + 2])));
    }
    has_stage_ = true;
  }

  void read_arguments(const std::vector<Word>& words) {
    for (size_t i = 1; i < words.size(); ++i) {
      const std::string text = text_of(words[i]);
      const size_t equals = text.find('=');
      const std::string name = text.substr(0, equals);
      const auto given = given_.find(name);
      if (given != given_.end()) {
        variables_[name] = given->second;
      } else if (equals != std::string::npos) {
        variables_[name] = expanded(unquoted(text.substr(equals + 1)), variables_);
      }
    }
  }

  // --from=X, --mount=type=bind,from=X,...
  void read_option(const Word& word) {
    const std::string option = text_of(word);
    size_t begin = std::string::npos;
    if (option.starts_with("--from=")) begin = option.find('=') + 1;
    if (option.starts_with("--mount=")) {
      for (const std::string_view before : {"=from=", ",from="}) {
        const size_t found = option.find(before);
        if (found != std::string::npos) begin = found + before.size();
      }
    }
    if (begin == std::string::npos) return;
    const size_t end = option.starts_with("--mount=")
                           ? std::min(option.find(',', begin), option.size())
                           : option.size();
    const std::string name = unquoted(option.substr(begin, end - begin));
    const bool is_number =
        std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (is_number) return;
    replace_name({word.begin + begin, end - begin}, name, "");
  }

  void replace_name(const Word& word, const std::string& name, const std::string& platform) {
    if (lower(name) == "scratch" || stages_.contains(lower(name))) return;
    const bool is_name = std::none_of(name.begin(), name.end(), [](char c) {
      return static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '\'' || c == '<';
    });
    if (!is_name) throw user_error_at({path_, line_, 0}, quote(name) + " is no name of an image");
    out_ += text_.substr(copied_, word.begin - copied_);
    out_ += replace_({name, platform});
    copied_ = word.begin + word.size;
  }

  // Lines up to the one that is each document's end.
  void skip_here_documents(std::string_view instruction) {
    std::vector<std::string> ends;
    for (size_t at = instruction.find("<<"); at != std::string_view::npos;
         at = instruction.find("<<", at + 2)) {
      size_t begin = at + 2;
      if (begin < instruction.size() && instruction[begin] == '-') ++begin;
      const char quote = begin < instruction.size() ? instruction[begin] : '\0';
      if (quote == '"' || quote == '\'') ++begin;
      size_t end = begin;
      while (end < instruction.size() && is_name_character(instruction[end])) ++end;
      if (end > begin) ends.emplace_back(instruction.substr(begin, end - begin));
    }
    for (const std::string& end : ends) {
      while (at_ < text_.size()) {
        std::string_view line = line_at(at_);
        pass(line.size() + 1);
        while (!line.empty() && line.back() == '\r') line.remove_suffix(1);
        line.remove_prefix(std::min(line.find_first_not_of('\t'), line.size()));
        if (line == end) break;
      }
    }
  }

  std::string_view text_;
  const std::string& path_;
  const std::function<std::string(const BaseImage&)>& replace_;
  Variables variables_;
  Variables given_;
  std::set<std::string> stages_;
  bool has_stage_ = false;
  char escape_ = '\\';
  size_t at_ = 0;
  int line_ = 1;
  size_t copied_ = 0;
  std::string out_;
};

}  // namespace

std::string replace_bases(std::string_view text, const std::string& path,
                          const std::vector<std::string>& arguments, const Platform& platform,
                          const std::function<std::string(const BaseImage&)>& replace) {
  return Reader(text, path, arguments, platform, replace).read();
}

}  // namespace cntr::image
