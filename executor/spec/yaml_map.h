// A YAML mapping whose keys must all be known: the only way Cntr reads YAML.
//
// Each getter takes one key. finish() throws for keys that nothing took. All errors are user Errors
// at the file, line and column of the node that is wrong.
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace cntr::spec {

// Parses one document that must be a mapping.
YAML::Node parse_yaml_document(std::string_view text, const std::string& path);

class YamlMap {
 public:
  // Throws when the node is not a mapping or repeats a key.
  YamlMap(const YAML::Node& node, std::string path);

  // Throws unless `cntr: <kind>` and `version: <version>` are there.
  void expect_header(std::string_view kind, int version);

  bool has(const std::string& key) const;
  std::vector<std::string> keys() const;       // in the file's order
  Location location() const;                   // of the mapping
  std::string string(const std::string& key);  // required
  std::optional<std::string> optional_string(const std::string& key);
  std::string path(const std::string& key);  // required, absolute
  std::optional<std::string> optional_path(const std::string& key);
  std::vector<std::string> strings(const std::string& key);
  std::vector<std::string> paths(const std::string& key);  // each absolute
  bool boolean(const std::string& key, bool fallback);
  int64_t integer(const std::string& key, int64_t fallback, int64_t min, int64_t max);
  std::vector<int64_t> integers(const std::string& key, int64_t min, int64_t max);
  std::vector<YamlMap> maps(const std::string& key);
  YamlMap map(const std::string& key);  // required

  // The elements of a list of texts and, with `on_map`, of mappings.
  using OnText = std::function<void(const std::string& text, const Location& where)>;
  using OnMap = std::function<void(YamlMap& map)>;
  void each(const std::string& key, const OnText& on_text, const OnMap& on_map = nullptr);

  // One of the words; `fallback` when the key is absent.
  template <typename Value>
  Value choice(const std::string& key, Value fallback,
               const std::vector<std::pair<std::string_view, Value>>& words) {
    if (!has(key)) return fallback;
    const std::string word = string(key);
    std::vector<std::string_view> known;
    for (const auto& [name, value] : words) {
      if (name == word) return value;
      known.push_back(name);
    }
    throw unknown_word(key, word, known);
  }

  // Runs `parse`, which throws a user Error without a location, at the key's value.
  template <typename Parse>
  auto at(const std::string& key, const Parse& parse) -> decltype(parse(std::string())) {
    const std::string text = string(key);
    try {
      return parse(text);
    } catch (const Error& error) {
      throw error_at(key, error.message(), error.notes());
    }
  }

  Error error_at(const std::string& key, const std::string& message,
                 std::vector<std::string> notes = {}) const;
  // Where the key's value stands.
  Location location_of(const std::string& key) const;
  void finish() const;
  // Those that finish() would throw for.
  std::vector<std::string> unknown_keys() const;

 private:
  YAML::Node take(const std::string& key);  // an undefined node when absent
  YAML::Node require(const std::string& key);
  std::string scalar(const YAML::Node& node, const std::string& key) const;
  std::string absolute(const YAML::Node& node, const std::string& key) const;
  int64_t whole_number(const YAML::Node& node, const std::string& key, int64_t min,
                       int64_t max) const;
  std::vector<YAML::Node> sequence(const std::string& key);
  Error unknown_word(const std::string& key, const std::string& word,
                     const std::vector<std::string_view>& known) const;
  Error error_at_node(const YAML::Node& node, const std::string& message,
                      std::vector<std::string> notes = {}) const;

  YAML::Node node_;
  std::string path_;
  std::set<std::string> taken_;
};

}  // namespace cntr::spec
