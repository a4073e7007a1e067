#include "base/json_reader.h"

#include <nlohmann/json.hpp>
#include <set>

#include "base/json.h"
#include "base/text.h"

namespace cntr {
namespace {

using nlohmann::json;

constexpr int kMaxDepth = 32;

// Refuses what is not JSON, and what nlohmann::json lets through: deep nesting and repeated keys.
// It runs before the library's parser, because that parser's own callback takes time that grows
// with the square of an array's length.
class StrictChecker : public nlohmann::json_sax<json> {
 public:
  explicit StrictChecker(const std::string& where) : where_(where) {}

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }

  bool start_object(size_t) override {
    keys_.emplace_back();
    return enter();
  }
  bool key(string_t& key) override {
    if (!keys_.back().insert(key).second) {
      throw user_error(where_ + " has the key " + quote(key) + " twice");
    }
    return true;
  }
  bool end_object() override {
    keys_.pop_back();
    return leave();
  }
  bool start_array(size_t) override { return enter(); }
  bool end_array() override { return leave(); }

  bool parse_error(size_t, const std::string&, const json::exception& failure) override {
    throw user_error(where_ + " is not valid JSON: " + reason(failure.what()));
  }

 private:
  bool enter() {
    if (++depth_ > kMaxDepth) {
      throw user_error(where_ + " is nested more than " + std::to_string(kMaxDepth) + " deep");
    }
    return true;
  }
  bool leave() {
    --depth_;
    return true;
  }

  // Without the library's own "[json.exception.parse_error.101] " in front.
  static std::string reason(const std::string& what) {
    const size_t end = what.find("] ");
    return escaped(end == std::string::npos ? what : what.substr(end + 2));
  }

  const std::string& where_;
  int depth_ = 0;
  std::vector<std::set<std::string>> keys_;  // of the open objects
};

json parse_strictly(std::string_view text, const std::string& where) {
  StrictChecker checker(where);
  json::sax_parse(text, &checker);
  return json::parse(text);
}

const json& as_json(const void* value) { return *static_cast<const json*>(value); }

void write_value(const json& value, JsonWriter& writer) {
  switch (value.type()) {
    case json::value_t::object:
      writer.begin_object();
      for (const auto& [key, member] : value.items()) {
        writer.key(key);
        write_value(member, writer);
      }
      writer.end_object();
      return;
    case json::value_t::array:
      writer.begin_array();
      for (const json& element : value) write_value(element, writer);
      writer.end_array();
      return;
    case json::value_t::string:
      writer.value(value.get_ref<const std::string&>());
      return;
    case json::value_t::boolean:
      writer.value(value.get<bool>());
      return;
    case json::value_t::number_integer:
      writer.value(value.get<int64_t>());
      return;
    case json::value_t::number_unsigned:
      writer.value(value.get<uint64_t>());
      return;
    case json::value_t::number_float:
      writer.value(value.get<double>());
      return;
    case json::value_t::null:
    case json::value_t::binary:
    case json::value_t::discarded:
      writer.null();
      return;
  }
}

}  // namespace

struct JsonNode::Document {
  json root;
  std::string where;
};

JsonNode::JsonNode(std::shared_ptr<const Document> document, const void* value, std::string path)
    : document_(std::move(document)), value_(value), path_(std::move(path)) {}

JsonNode JsonNode::parse(std::string_view text, std::string where) {
  auto document = std::make_shared<Document>();
  document->root = parse_strictly(text, where);
  document->where = std::move(where);
  const void* const root = &document->root;
  return {std::move(document), root, ""};
}

Error JsonNode::error(const std::string& what) const {
  return user_error(document_->where + ": " + (path_.empty() ? "the document" : path_) + " " +
                    what);
}

JsonNode JsonNode::member(const std::string& key, const void* value) const {
  return {document_, value, path_.empty() ? key : path_ + "." + key};
}

std::optional<JsonNode> JsonNode::find(const char* key) const {
  const json& value = as_json(value_);
  if (!value.is_object()) throw error("is not an object");
  const auto found = value.find(key);
  if (found == value.end() || found->is_null()) return std::nullopt;
  return member(key, &*found);
}

JsonNode JsonNode::at(const char* key) const {
  auto found = find(key);
  if (!found) throw member(key, nullptr).error("is missing");
  return *std::move(found);
}

std::string JsonNode::text() const {
  const json& value = as_json(value_);
  if (!value.is_string()) throw error("is not a string");
  auto out = value.get<std::string>();
  if (out.find('\0') != std::string::npos) throw error("has a NUL character");
  return out;
}

uint64_t JsonNode::number() const {
  const json& value = as_json(value_);
  // Parsed numbers without a sign are unsigned.
  if (!value.is_number_unsigned()) throw error("is not a whole number");
  return value.get<uint64_t>();
}

bool JsonNode::boolean() const {
  const json& value = as_json(value_);
  if (!value.is_boolean()) throw error("is neither true nor false");
  return value.get<bool>();
}

bool JsonNode::is_text() const { return as_json(value_).is_string(); }

std::vector<JsonNode> JsonNode::elements() const {
  const json& value = as_json(value_);
  if (!value.is_array()) throw error("is not an array");
  std::vector<JsonNode> out;
  out.reserve(value.size());
  for (const json& element : value) {
    out.push_back({document_, &element, path_ + "[" + std::to_string(out.size()) + "]"});
  }
  return out;
}

std::vector<std::pair<std::string, JsonNode>> JsonNode::members() const {
  const json& value = as_json(value_);
  if (!value.is_object()) throw error("is not an object");
  std::vector<std::pair<std::string, JsonNode>> out;
  for (const auto& [key, found] : value.items()) out.emplace_back(key, member(key, &found));
  return out;
}

void JsonNode::write(JsonWriter& writer) const { write_value(as_json(value_), writer); }

std::string optional_text(const JsonNode& node, const char* key) {
  const auto found = node.find(key);
  return found ? found->text() : "";
}

std::vector<std::string> optional_texts(const JsonNode& node, const char* key) {
  std::vector<std::string> out;
  const auto found = node.find(key);
  if (!found) return out;
  for (const JsonNode& element : found->elements()) out.push_back(element.text());
  return out;
}

}  // namespace cntr
