#include "env/requirements.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/error.h"
#include "base/file_system.h"
#include "base/text.h"

namespace cntr::env {
namespace {

constexpr size_t kLargestFile = 1 << 20;
constexpr size_t kMostFiles = 100;
constexpr std::string_view kBlanks = " \t\r\f\v";

std::string with_single_blanks(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (kBlanks.find(c) == std::string_view::npos) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

// A comment begins with a # at the beginning or behind a blank.
std::string_view without_comment(std::string_view line) {
  for (size_t at = line.find('#'); at != std::string_view::npos; at = line.find('#', at + 1)) {
    if (at == 0 || kBlanks.find(line[at - 1]) != std::string_view::npos) return line.substr(0, at);
  }
  return line;
}

// What an option of a requirements file is about.
enum class OptionKind { kFlag, kValue, kPlace, kRequirements, kConstraints };

struct OptionName {
  std::string_view name;
  OptionKind kind;
};
constexpr std::array kOptions = {OptionName{"-r", OptionKind::kRequirements},
                                 OptionName{"--requirement", OptionKind::kRequirements},
                                 OptionName{"-c", OptionKind::kConstraints},
                                 OptionName{"--constraint", OptionKind::kConstraints},
                                 OptionName{"-f", OptionKind::kPlace},
                                 OptionName{"--find-links", OptionKind::kPlace},
                                 OptionName{"-i", OptionKind::kPlace},
                                 OptionName{"--index-url", OptionKind::kPlace},
                                 OptionName{"--extra-index-url", OptionKind::kPlace},
                                 OptionName{"--only-binary", OptionKind::kValue},
                                 OptionName{"--no-binary", OptionKind::kValue},
                                 OptionName{"--trusted-host", OptionKind::kValue},
                                 OptionName{"--no-index", OptionKind::kFlag},
                                 OptionName{"--prefer-binary", OptionKind::kFlag},
                                 OptionName{"--require-hashes", OptionKind::kFlag},
                                 OptionName{"--pre", OptionKind::kFlag}};

struct Option {
  OptionName name;
  std::string value;
};

// "-r file", "-rfile", "--requirement=file", "--requirement file"
std::optional<Option> read_option(const spec::RequestLine& line) {
  const std::string_view text = line.text;
  if (text[0] != '-') return std::nullopt;
  for (const OptionName& name : kOptions) {
    if (!text.starts_with(name.name)) continue;
    std::string_view rest = text.substr(name.name.size());
    const bool is_short = name.name.size() == 2;
    if (!is_short && !rest.empty() && rest[0] != '=' && rest[0] != ' ' && rest[0] != '\t') continue;
    if (!is_short && rest.starts_with('=')) rest.remove_prefix(1);
    const Option out{name, std::string(trimmed(rest))};
    if (out.value.empty() == (name.kind == OptionKind::kFlag)) return out;
    throw user_error_at(
        line.where,
        std::string(name.name) + (out.value.empty() ? " has no value" : " has no value here"));
  }
  const bool editable = text.starts_with("-e") || text.starts_with("--editable");
  throw user_error_at(
      line.where,
      editable ? "What is being developed cannot be in an environment: " + quote(text)
               : quote(text) + " is no option of a requirements file that is known here",
      {editable ? "An environment is read-only. Put the directory into PYTHONPATH instead."
                : "Known: -r, -c, -f, -i, --extra-index-url, --no-index, --pre, --no-binary, "
                  "--only-binary, --prefer-binary, --require-hashes, --trusted-host."});
}

bool looks_like_path(std::string_view text) {
  return text.starts_with(".") || text.starts_with("/") || text.starts_with("~");
}

// A package has a name, or a place that does not change.
void check_requirement(const spec::RequestLine& line) {
  const std::string name = line.text.substr(0, line.text.find_first_of(" \t;@=<>!~["));
  const bool has_scheme = line.text.find("://") < line.text.find_first_of(" \t;@");
  const bool from_source = line.text.starts_with("git+") || line.text.starts_with("hg+") ||
                           line.text.starts_with("svn+") || line.text.starts_with("bzr+") ||
                           line.text.find("@ git+") != std::string::npos;
  if (from_source || looks_like_path(line.text)) {
    throw user_error_at(line.where, quote(line.text) + " is to be built from source",
                        {"Cntr puts wheels into an environment. Build one, and name it or the "
                         "directory that it is in (--find-links)."});
  }
  const auto is_name_character = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  if (!has_scheme && (name.empty() || !std::all_of(name.begin(), name.end(), is_name_character))) {
    throw user_error_at(line.where, quote(line.text) + " is no requirement of pip");
  }
}

class Reader {
 public:
  explicit Reader(Requirements& out) : out_(out) {}

  void read_file_at(const std::string& path, bool constraints, const Location& named_at) {
    if (std::find(out_.files.begin(), out_.files.end(), path) != out_.files.end()) return;
    if (out_.files.size() == kMostFiles) {
      throw user_error_at(named_at, "More than " + std::to_string(kMostFiles) + " files");
    }
    const auto stat = stat_file(path);
    if (!stat || stat->kind != FileKind::kRegular) {
      throw user_error_at(named_at, "There is no file " + path);
    }
    const std::string text = read_file(path);
    out_.files.push_back(path);
    try {
      read_lines(requirement_lines(text, path), parent_path(path), constraints);
    } catch (const Error& error) {
      if (error.location().file != path) throw;
      throw with_caret(text, error);
    }
  }

  void read_lines(const std::vector<spec::RequestLine>& lines, const std::string& directory,
                  bool constraints) {
    for (const spec::RequestLine& line : lines) {
      if (const auto option = read_option(line)) {
        read(*option, line, directory, constraints);
      } else {
        check_requirement(line);
        add(line.text, line.text, constraints);
      }
    }
  }

 private:
  void read(const Option& option, const spec::RequestLine& line, const std::string& directory,
            bool constraints) {
    const std::string name(option.name.name);
    switch (option.name.kind) {
      case OptionKind::kFlag:
        add(name, name, constraints);
        return;
      case OptionKind::kValue:
        add(name + " " + option.value, name + " " + option.value, constraints);
        return;
      case OptionKind::kPlace:
        add(name + " " + place(option.value, directory), name + " " + option.value, constraints);
        return;
      case OptionKind::kRequirements:
        read_file_at(normal_path(option.value, directory), constraints, line.where);
        return;
      case OptionKind::kConstraints:
        read_file_at(normal_path(option.value, directory), true, line.where);
    }
  }

  // Where packages are: a path counts from the directory of the file, as it does for pip.
  static std::string place(const std::string& value, const std::string& directory) {
    if (value.find("://") != std::string::npos) return value;
    const std::string path = normal_path(value, directory);
    return exists(path) ? path : value;
  }

  void add(const std::string& line, const std::string& written, bool constraints) {
    (constraints ? out_.constraints : out_.lines).push_back(line);
    out_.written.push_back((constraints ? "-c " : "") + written);
  }

  Requirements& out_;
};

}  // namespace

std::vector<spec::RequestLine> requirement_lines(std::string_view text, const std::string& path) {
  if (text.size() > kLargestFile) {
    throw user_error_at({path, 0, 0}, "The file is larger than 1 MiB");
  }
  std::vector<spec::RequestLine> out;
  std::string whole;
  Location where{path, 0, 1};
  int begin = 0;
  for (const std::string& raw : split(text, '\n')) {
    ++where.line;
    if (raw.find('\0') != std::string::npos) throw user_error_at(where, "A NUL character");
    std::string line(without_comment(raw));
    line.erase(line.find_last_not_of(kBlanks) + 1);
    const bool goes_on = line.ends_with('\\');
    if (goes_on) line.pop_back();
    if (whole.empty()) begin = where.line;
    whole += line + (goes_on ? " " : "");
    if (goes_on) continue;
    const std::string found = with_single_blanks(whole);
    const int column = static_cast<int>(std::min(whole.find_first_not_of(kBlanks), whole.size()));
    if (!found.empty()) out.push_back({found, {path, begin, column + 1}});
    whole.clear();
  }
  if (const std::string rest = with_single_blanks(whole); !rest.empty()) {
    out.push_back({rest, {path, begin, 1}});
  }
  return out;
}

void add_requirements_file(const std::string& path, Requirements& requirements) {
  Reader(requirements).read_file_at(path, false, {path, 0, 0});
}

void add_requirement_lines(const std::vector<spec::RequestLine>& lines,
                           const std::string& directory, Requirements& requirements) {
  Reader(requirements).read_lines(lines, directory, false);
}

}  // namespace cntr::env
