#include "env/expanded_path.h"

namespace cntr::env {
namespace {

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::string with_variables(std::string_view text, const Variables& variables) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const bool braces = text.substr(at, 2) == "${";
    const size_t begin = at + (braces ? 2 : 1);
    size_t end = begin;
    while (text[at] == '$' && end < text.size() && is_name_character(text[end])) ++end;
    const bool closed = !braces || (end < text.size() && text[end] == '}');
    std::optional<std::string> value;
    if (end > begin && closed) value = variables(std::string(text.substr(begin, end - begin)));
    if (value) {
      out += *value;
      at = end + (braces ? 1 : 0);
    } else {
      out += text[at++];
    }
  }
  return out;
}

}  // namespace

std::string expanded_path(std::string_view text, const Variables& variables) {
  std::string out = with_variables(text, variables);
  if (out != "~" && !out.starts_with("~/")) return out;
  return variables("HOME").value_or("~") + out.substr(1);
}

}  // namespace cntr::env
