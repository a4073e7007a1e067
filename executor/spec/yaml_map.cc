#include "spec/yaml_map.h"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>

#include <charconv>
#include <sstream>

#include "base/text.h"

namespace cntr::spec {
namespace {

Location location_at(const YAML::Mark& mark, const std::string& path) {
  if (mark.is_null()) return {path, 0, 0};
  return {path, mark.line + 1, mark.column + 1};
}

// Hears nothing of what a document says.
class Silence : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
  void OnAlias(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
  void OnScalar(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                const std::string& /*value*/) override {}
  void OnSequenceStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/,
                       YAML::anchor_t /*anchor*/, YAML::EmitterStyle::value /*style*/) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {}
  void OnMapEnd() override {}
};

// YAML::LoadAll() must not be asked: before what can begin no document, such as a comma, it finds
// empty ones without end.
void expect_one_document(const std::string& text, const std::string& path) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  Silence silence;
  const bool first = parser.HandleNextDocument(silence);
  if (first && !parser.HandleNextDocument(silence)) return;
  throw user_error_at({path, 0, 0},
                      "Expected one YAML document, found " + std::string(first ? "more" : "none"));
}

}  // namespace

YAML::Node parse_yaml_document(std::string_view text, const std::string& path) {
  try {
    const std::string copy(text);
    expect_one_document(copy, path);
    return YAML::Load(copy);
  } catch (const YAML::DeepRecursion& failure) {
    throw user_error_at({path, 0, 0}, "Not valid YAML: it is nested more than " +
                                          std::to_string(failure.depth()) + " deep");
  } catch (const YAML::Exception& failure) {
    throw user_error_at(location_at(failure.mark, path), "Not valid YAML: " + failure.msg);
  }
}

YamlMap::YamlMap(const YAML::Node& node, std::string path) : node_(node), path_(std::move(path)) {
  if (!node_.IsMap()) throw error_at_node(node_, "Expected a mapping");
  std::set<std::string> seen;
  for (const auto& entry : node_) {
    const std::string key = scalar(entry.first, "a key");
    if (!seen.insert(key).second) throw error_at_node(entry.first, "Repeated key " + quote(key));
  }
}

void YamlMap::expect_header(std::string_view kind, int version) {
  const std::string found = string("cntr");
  if (found != kind) {
    throw error_at("cntr", "Expected a file of kind " + quote(kind) + ", this is " + quote(found));
  }
  const YAML::Node node = require("version");
  const int64_t number = whole_number(node, "version", 1, 1'000'000);
  if (number != version) {
    throw error_at_node(node,
                        "Version " + std::to_string(number) + " of this file is not known here",
                        {"This Cntr reads version " + std::to_string(version) +
                         "; configure the project again with the same Cntr that runs it."});
  }
}

bool YamlMap::has(const std::string& key) const { return node_[key].IsDefined(); }

std::vector<std::string> YamlMap::keys() const {
  std::vector<std::string> out;
  for (const auto& entry : node_) out.push_back(entry.first.Scalar());
  return out;
}

Location YamlMap::location() const { return location_at(node_.Mark(), path_); }

YAML::Node YamlMap::take(const std::string& key) {
  taken_.insert(key);
  const YAML::Node& constant = node_;  // the non-const operator[] would add the key
  return constant[key];
}

YAML::Node YamlMap::require(const std::string& key) {
  YAML::Node node = take(key);
  if (!node.IsDefined()) throw error_at_node(node_, "Missing key " + quote(key));
  return node;
}

std::string YamlMap::scalar(const YAML::Node& node, const std::string& key) const {
  if (!node.IsScalar()) throw error_at_node(node, "Expected text for " + quote(key));
  const std::string& text = node.Scalar();
  if (text.find('\0') != std::string::npos) {
    throw error_at_node(node, "A NUL character in " + quote(key));
  }
  return text;
}

std::string YamlMap::absolute(const YAML::Node& node, const std::string& key) const {
  const std::string text = scalar(node, key);
  if (text.empty() || text[0] != '/') {
    throw error_at_node(node, quote(key) + " needs an absolute path, not " + quote(text));
  }
  return text;
}

int64_t YamlMap::whole_number(const YAML::Node& node, const std::string& key, int64_t min,
                              int64_t max) const {
  const std::string text = scalar(node, key);
  int64_t number = 0;
  const auto [rest, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || rest != text.data() + text.size() || number < min || number > max) {
    throw error_at_node(node, quote(key) + " needs a whole number from " + std::to_string(min) +
                                  " to " + std::to_string(max) + ", not " + quote(text));
  }
  return number;
}

std::string YamlMap::string(const std::string& key) { return scalar(require(key), key); }

std::optional<std::string> YamlMap::optional_string(const std::string& key) {
  const YAML::Node node = take(key);
  if (!node.IsDefined()) return std::nullopt;
  return scalar(node, key);
}

std::string YamlMap::path(const std::string& key) { return absolute(require(key), key); }

std::optional<std::string> YamlMap::optional_path(const std::string& key) {
  const YAML::Node node = take(key);
  if (!node.IsDefined()) return std::nullopt;
  return absolute(node, key);
}

std::vector<YAML::Node> YamlMap::sequence(const std::string& key) {
  const YAML::Node node = take(key);
  if (!node.IsDefined()) return {};
  if (!node.IsSequence()) throw error_at_node(node, "Expected a list for " + quote(key));
  return {node.begin(), node.end()};
}

std::vector<std::string> YamlMap::strings(const std::string& key) {
  std::vector<std::string> out;
  for (const YAML::Node& node : sequence(key)) out.push_back(scalar(node, key));
  return out;
}

std::vector<std::string> YamlMap::paths(const std::string& key) {
  std::vector<std::string> out;
  for (const YAML::Node& node : sequence(key)) out.push_back(absolute(node, key));
  return out;
}

bool YamlMap::boolean(const std::string& key, bool fallback) {
  return choice<bool>(key, fallback, {{"true", true}, {"false", false}});
}

int64_t YamlMap::integer(const std::string& key, int64_t fallback, int64_t min, int64_t max) {
  const YAML::Node node = take(key);
  return node.IsDefined() ? whole_number(node, key, min, max) : fallback;
}

std::vector<int64_t> YamlMap::integers(const std::string& key, int64_t min, int64_t max) {
  std::vector<int64_t> out;
  for (const YAML::Node& node : sequence(key)) out.push_back(whole_number(node, key, min, max));
  return out;
}

std::vector<YamlMap> YamlMap::maps(const std::string& key) {
  std::vector<YamlMap> out;
  for (const YAML::Node& node : sequence(key)) out.emplace_back(node, path_);
  return out;
}

void YamlMap::each(const std::string& key, const OnText& on_text, const OnMap& on_map) {
  for (const YAML::Node& node : sequence(key)) {
    if (on_map && node.IsMap()) {
      YamlMap map(node, path_);
      on_map(map);
    } else {
      on_text(scalar(node, key), location_at(node.Mark(), path_));
    }
  }
}

YamlMap YamlMap::map(const std::string& key) { return {require(key), path_}; }

Error YamlMap::unknown_word(const std::string& key, const std::string& word,
                            const std::vector<std::string_view>& known) const {
  const std::vector<std::string> words(known.begin(), known.end());
  return error_at(key, quote(key) + " cannot be " + quote(word),
                  {"Known values: " + join(words, ", ") + "."});
}

Error YamlMap::error_at(const std::string& key, const std::string& message,
                        std::vector<std::string> notes) const {
  const YAML::Node node = node_[key];
  return error_at_node(node.IsDefined() ? node : node_, message, std::move(notes));
}

Location YamlMap::location_of(const std::string& key) const {
  return location_at(node_[key].Mark(), path_);
}

Error YamlMap::error_at_node(const YAML::Node& node, const std::string& message,
                             std::vector<std::string> notes) const {
  return user_error_at(location_at(node.Mark(), path_), message, std::move(notes));
}

void YamlMap::finish() const {
  for (const auto& entry : node_) {
    const std::string& key = entry.first.Scalar();
    if (taken_.count(key) == 0) throw error_at_node(entry.first, "Unknown key " + quote(key));
  }
}

std::vector<std::string> YamlMap::unknown_keys() const {
  std::vector<std::string> out;
  for (const std::string& key : keys()) {
    if (taken_.count(key) == 0) out.push_back(key);
  }
  return out;
}

}  // namespace cntr::spec
