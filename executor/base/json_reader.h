// Reads JSON documents that come from strangers.
//
// Parsing is strict (RFC 8259, UTF-8, no repeated keys) and bounded in depth, and every value that
// is used is checked for its type. Each function throws a user Error whose message begins with the
// document's name, and says where in it the value stands ("manifests[0].digest").
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace cntr {

class JsonWriter;

// A value of a document, which it keeps alive. Cheap to copy. Thread-safe.
class JsonNode {
 public:
  // `where` is the document's name in messages.
  static JsonNode parse(std::string_view text, std::string where);

  // "<document>: <path> <what>"
  Error error(const std::string& what) const;

  // nullopt when the key is missing or null. Throws when this is no object.
  std::optional<JsonNode> find(const char* key) const;
  // Throws as well when the key is missing or null.
  JsonNode at(const char* key) const;

  std::string text() const;  // a string without NUL
  uint64_t number() const;   // a whole number without a sign
  bool boolean() const;
  bool is_text() const;
  std::vector<JsonNode> elements() const;                         // of an array
  std::vector<std::pair<std::string, JsonNode>> members() const;  // of an object, by key

  // Writes the value as it is, keys in byte order.
  void write(JsonWriter& writer) const;

 private:
  struct Document;
  JsonNode(std::shared_ptr<const Document> document, const void* value, std::string path);
  JsonNode member(const std::string& key, const void* value) const;

  std::shared_ptr<const Document> document_;
  const void* value_;  // in the document
  std::string path_;
};

// "" when the key is missing.
std::string optional_text(const JsonNode& node, const char* key);
// None when the key is missing.
std::vector<std::string> optional_texts(const JsonNode& node, const char* key);

}  // namespace cntr
