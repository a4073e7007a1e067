#include <algorithm>
#include <array>

#include "base/text.h"
#include "spec/conda_environment.h"
#include "spec/yaml_map.h"

namespace cntr::spec {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

// Words that are handed to a solver may not be taken for its options.
RequestLine checked_match_spec(const std::string& text, const Location& where) {
  RequestLine out{std::string(trimmed(text)), where};
  const bool begins_well =
      !out.text.empty() && (is_letter_or_digit(out.text[0]) || out.text[0] == '_');
  if (!begins_well || has_control_character(out.text)) {
    throw user_error_at(where, quote(text) + " is no package",
                        {"A package is asked for by its name and, when they matter, its version "
                         "and build: numpy, numpy >=1.26,<2, conda-forge::numpy=1.26."});
  }
  return out;
}

RequestLine checked_requirement(const std::string& text, const Location& where) {
  RequestLine out{std::string(trimmed(text)), where};
  if (out.text.empty() || has_control_character(out.text)) {
    throw user_error_at(where, quote(text) + " is no requirement of pip");
  }
  return out;
}

std::string checked_channel(const std::string& text, const Location& where) {
  const std::string out(trimmed(text));
  if (out.empty() || out[0] == '-' || has_control_character(out)) {
    throw user_error_at(where, quote(text) + " is no channel",
                        {"A channel is a name such as conda-forge, a URL or a path."});
  }
  return out;
}

bool is_variable_name(const std::string& name) {
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return is_letter_or_digit(c) || c == '_'; });
}

// "sel(linux)": whether it holds on Linux; nullopt for any other word.
std::optional<bool> selected(const std::string& key) {
  constexpr std::array<std::pair<std::string_view, bool>, 4> kSystems = {
      {{"unix", true}, {"linux", true}, {"osx", false}, {"win", false}}};
  for (const auto& [system, holds] : kSystems) {
    if (key == "sel(" + std::string(system) + ")") return holds;
  }
  return std::nullopt;
}

void read_section(YamlMap& map, CondaEnvironment& out) {
  for (const std::string& key : map.keys()) {
    const std::optional<bool> holds = selected(key);
    if (key == "pip") {
      map.each(key, [&](const std::string& text, const Location& where) {
        out.pip.push_back(checked_requirement(text, where));
      });
    } else if (holds) {
      RequestLine line = checked_match_spec(map.string(key), map.location_of(key));
      if (*holds) out.packages.push_back(std::move(line));
    } else {
      throw map.error_at(key, "Packages of " + quote(key) + " are not known here",
                         {"Known sections: pip, sel(linux), sel(unix), sel(osx), sel(win)."});
    }
  }
}

void read_variables(YamlMap map, CondaEnvironment& out) {
  for (const std::string& name : map.keys()) {
    if (!is_variable_name(name)) {
      throw map.error_at(name, quote(name) + " is no name of a variable");
    }
    out.variables.push_back({name, map.string(name)});
  }
  std::sort(out.variables.begin(), out.variables.end(),
            [](const Variable& a, const Variable& b) { return a.name < b.name; });
}

CondaEnvironment parse_environment(std::string_view text, const std::string& path) {
  YamlMap map(parse_yaml_document(text, path), path);
  CondaEnvironment out;
  if (!map.has("dependencies")) {
    throw user_error_at(map.location(), "Missing key \"dependencies\"",
                        {"An environment.yml lists its packages under it."});
  }
  map.each("channels", [&](const std::string& channel, const Location& where) {
    if (channel == "nodefaults") {
      out.default_channels = false;
    } else {
      out.channels.push_back(checked_channel(channel, where));
    }
  });
  map.each(
      "dependencies",
      [&](const std::string& spec, const Location& where) {
        out.packages.push_back(checked_match_spec(spec, where));
      },
      [&](YamlMap& section) { read_section(section, out); });
  if (map.has("variables")) read_variables(map.map("variables"), out);
  out.platforms = map.strings("platforms");
  for (const char* const key : {"name", "prefix", "category"}) map.optional_string(key);
  out.ignored_keys = map.unknown_keys();
  return out;
}

}  // namespace

CondaEnvironment parse_conda_environment(std::string_view text, const std::string& path) {
  try {
    return parse_environment(text, path);
  } catch (const Error& error) {
    throw with_caret(text, error);
  }
}

}  // namespace cntr::spec
