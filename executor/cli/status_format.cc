#include "cli/status_format.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <utility>

#include "base/error.h"

namespace cntr::cli {
namespace {

constexpr char kDescription = 'd';  // no placeholder of NINJA_STATUS

constexpr std::array<std::pair<std::string_view, char>, 14> kVariables = {{
    {"started", 's'},
    {"total", 't'},
    {"progress", 'p'},
    {"running", 'r'},
    {"remaining", 'u'},
    {"finished", 'f'},
    {"rate", 'o'},
    {"current_rate", 'c'},
    {"elapsed_seconds", 'e'},
    {"eta_seconds", 'E'},
    {"elapsed", 'w'},
    {"eta", 'W'},
    {"predicted_progress", 'P'},
    {"description", kDescription},
}};

char letter_of(std::string_view name) {
  for (const auto& [variable, letter] : kVariables) {
    if (variable == name) return letter;
  }
  throw user_error("unknown variable '" + std::string(name) + "' in --status format");
}

template <typename Value>
std::string formatted(const char* format, Value value) {
  std::array<char, 64> buffer;
  std::snprintf(buffer.data(), buffer.size(), format, value);
  return buffer.data();
}

std::string percent(int value) { return formatted("%3d%%", value); }

std::string number(const char* format, std::optional<double> value) {
  return value ? formatted(format, *value) : "?";
}

std::string clock_text(std::optional<double> seconds, bool with_hours) {
  if (!seconds) return "?";
  const auto whole = static_cast<int64_t>(*seconds);
  const std::string tail = formatted("%02d", static_cast<int>(whole % 60));
  if (!with_hours) return formatted("%02lld", static_cast<long long>(whole / 60)) + ":" + tail;
  return std::to_string(whole / 3600) + ":" +
         formatted("%02d", static_cast<int>(whole % 3600 / 60)) + ":" + tail;
}

// Both clocks have hours as soon as one of them needs them.
bool has_hours(const BuildProgress& progress) {
  return progress.elapsed_seconds() >= 3600 || progress.remaining_seconds().value_or(0) >= 3600;
}

std::string field_text(char letter, const BuildProgress& progress, const std::string& description) {
  switch (letter) {
    case 's':
      return std::to_string(progress.started());
    case 't':
      return std::to_string(progress.total());
    case 'r':
      return std::to_string(progress.running());
    case 'u':
      return std::to_string(progress.waiting());
    case 'f':
      return std::to_string(progress.finished());
    case 'o':
      return number("%.1f", progress.rate());
    case 'c':
      return number("%.1f", progress.current_rate());
    case 'p':
      return percent(progress.percent());
    case 'P':
      return percent(static_cast<int>(100 * progress.done_part()));
    case 'e':
      return number("%.3f", progress.elapsed_seconds());
    case 'E':
      return number("%.3f", progress.remaining_seconds());
    case 'w':
      return clock_text(progress.elapsed_seconds(), has_hours(progress));
    case 'W':
      return clock_text(progress.remaining_seconds(), has_hours(progress));
    default:
      return description;
  }
}

bool is_placeholder(char letter) {
  return std::string_view("strufocpPeEwW").find(letter) != std::string_view::npos;
}

bool is_name_character(char c, bool braced) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || (braced && c == '.');
}

// Takes a name from the start of `text`.
std::string_view take_name(std::string_view& text, bool braced) {
  size_t size = 0;
  while (size < text.size() && is_name_character(text[size], braced)) ++size;
  const std::string_view name = text.substr(0, size);
  text.remove_prefix(size);
  return name;
}

// Takes the variable after a `$`. nullopt when there is none.
std::optional<std::string_view> take_variable(std::string_view& text) {
  const bool braced = text.starts_with('{');
  if (braced) text.remove_prefix(1);
  const std::string_view name = take_name(text, braced);
  if (name.empty()) return std::nullopt;
  if (braced) {
    if (!text.starts_with('}')) return std::nullopt;
    text.remove_prefix(1);
  }
  return name;
}

}  // namespace

StatusFormat StatusFormat::from_placeholders(std::string_view text) {
  StatusFormat format;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      format.add_text(text.substr(i, 1));
      continue;
    }
    const std::string_view letter = text.substr(++i, 1);
    if (letter == "%") {
      format.add_text(letter);
    } else if (!letter.empty() && is_placeholder(letter[0])) {
      format.add_field(letter[0]);
    } else {
      throw user_error("unknown placeholder '%" + std::string(letter) + "' in $NINJA_STATUS");
    }
  }
  format.add_field(kDescription);
  return format;
}

StatusFormat StatusFormat::from_variables(std::string_view text) {
  StatusFormat format;
  while (!text.empty()) {
    const size_t dollar = std::min(text.find('$'), text.size());
    format.add_text(text.substr(0, dollar));
    text.remove_prefix(dollar);
    if (text.empty()) break;
    text.remove_prefix(1);
    if (!text.empty() && std::string_view("$ :").find(text[0]) != std::string_view::npos) {
      format.add_text(text.substr(0, 1));
      text.remove_prefix(1);
    } else if (text.starts_with('^')) {
      format.add_text("\n");
      text.remove_prefix(1);
    } else if (const auto name = take_variable(text)) {
      format.add_field(letter_of(*name));
    } else {
      throw user_error("invalid --status: bad $-escape (literal $ must be written as $$)");
    }
  }
  return format;
}

void StatusFormat::add_text(std::string_view text) {
  if (parts_.empty() || parts_.back().letter != 0) parts_.emplace_back();
  parts_.back().literal += text;
}

std::string StatusFormat::text(const BuildProgress& progress,
                               const std::string& description) const {
  std::string result;
  for (const Part& part : parts_) {
    result += part.letter == 0 ? part.literal : field_text(part.letter, progress, description);
  }
  return result;
}

}  // namespace cntr::cli
