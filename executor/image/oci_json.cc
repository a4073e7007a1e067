#include "image/oci_json.h"

#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/file_system.h"
#include "base/text.h"

namespace cntr::image {
namespace {

using nlohmann::json;

constexpr int kMaxJsonDepth = 32;
const std::string kIndex = "application/vnd.oci.image.index.v1+json";
const std::string kManifest = "application/vnd.oci.image.manifest.v1+json";

// Refuses what nlohmann::json lets through: deep nesting and repeated keys.
class StrictParser {
 public:
  explicit StrictParser(std::string where) : where_(std::move(where)) {}

  json parse(std::string_view text) {
    const auto see = [this](int depth, json::parse_event_t event, json& value) {
      observe(depth, event, value);
      return true;
    };
    try {
      return json::parse(text, see);
    } catch (const json::exception& failure) {
      throw user_error(where_ + " is not valid JSON: " + reason(failure.what()));
    }
  }

 private:
  void observe(int depth, json::parse_event_t event, const json& value) {
    if (depth > kMaxJsonDepth) {
      throw user_error(where_ + " is nested more than " + std::to_string(kMaxJsonDepth) + " deep");
    }
    if (event == json::parse_event_t::object_start) {
      keys_.emplace_back();
    } else if (event == json::parse_event_t::object_end) {
      keys_.pop_back();
    } else if (event == json::parse_event_t::key) {
      const auto& key = value.get_ref<const std::string&>();
      if (!keys_.back().insert(key).second) {
        throw user_error(where_ + " has the key " + quote(key) + " twice");
      }
    }
  }

  // Without the library's own "[json.exception.parse_error.101] " in front.
  static std::string reason(const std::string& what) {
    const size_t end = what.find("] ");
    return escaped(end == std::string::npos ? what : what.substr(end + 2));
  }

  std::string where_;
  std::vector<std::set<std::string>> keys_;
};

// A value in a document, with its path for messages ("manifests[0].digest").
class Node {
 public:
  Node(const json& value, const std::string& document, std::string path)
      : value_(&value), document_(&document), path_(std::move(path)) {}

  Error error(const std::string& what) const {
    return user_error(*document_ + ": " + (path_.empty() ? "the document" : path_) + " " + what);
  }

  // nullopt when the key is missing or null.
  std::optional<Node> find(const char* key) const {
    if (!value_->is_object()) throw error("is not an object");
    const auto found = value_->find(key);
    if (found == value_->end() || found->is_null()) return std::nullopt;
    return Node(*found, *document_, child(key));
  }

  Node at(const char* key) const {
    auto found = find(key);
    if (!found) throw user_error(*document_ + ": " + child(key) + " is missing");
    return *found;
  }

  std::string text() const {
    if (!value_->is_string()) throw error("is not a string");
    auto out = value_->get<std::string>();
    if (out.find('\0') != std::string::npos) throw error("has a NUL character");
    return out;
  }

  uint64_t number() const {
    // Parsed numbers without a sign are unsigned.
    if (!value_->is_number_unsigned()) throw error("is not a whole number");
    return value_->get<uint64_t>();
  }

  std::vector<Node> elements() const {
    if (!value_->is_array()) throw error("is not an array");
    std::vector<Node> out;
    for (const json& element : *value_) {
      out.emplace_back(element, *document_, path_ + "[" + std::to_string(out.size()) + "]");
    }
    return out;
  }

 private:
  std::string child(const char* key) const { return path_.empty() ? key : path_ + "." + key; }

  const json* value_;
  const std::string* document_;
  std::string path_;
};

std::string optional_text(const Node& node, const char* key) {
  const auto found = node.find(key);
  return found ? found->text() : "";
}

std::vector<std::string> optional_texts(const Node& node, const char* key) {
  std::vector<std::string> out;
  const auto found = node.find(key);
  if (!found) return out;
  for (const Node& element : found->elements()) out.push_back(element.text());
  return out;
}

Digest to_digest(const Node& node) {
  const std::string text = node.text();
  const auto digest = text.starts_with("sha256:") ? Digest::parse(text) : std::nullopt;
  if (!digest) throw node.error("is " + quote(text) + ", not a sha256 digest");
  return *digest;
}

Platform to_platform(const Node& node) {
  return {node.at("os").text(), node.at("architecture").text(), optional_text(node, "variant")};
}

Descriptor to_descriptor(const Node& node) {
  Descriptor out;
  out.media_type = node.at("mediaType").text();
  out.digest = to_digest(node.at("digest"));
  out.size = node.at("size").number();
  if (const auto platform = node.find("platform")) out.platform = to_platform(*platform);
  if (const auto annotations = node.find("annotations")) {
    out.ref_name = optional_text(*annotations, "org.opencontainers.image.ref.name");
  }
  return out;
}

void check_schema_version(const Node& root) {
  const Node version = root.at("schemaVersion");
  if (version.number() != 2) throw version.error("is not 2");
}

void check_variables(const Node& process, const std::vector<std::string>& variables) {
  for (size_t i = 0; i < variables.size(); ++i) {
    const size_t equals = variables[i].find('=');
    if (equals == std::string::npos || equals == 0) {
      throw process.at("Env").elements()[i].error("is " + quote(variables[i]) + ", not NAME=value");
    }
  }
}

spec::ImageConfig to_image_config(const Node& process) {
  spec::ImageConfig out;
  out.env = optional_texts(process, "Env");
  check_variables(process, out.env);
  out.working_dir = optional_text(process, "WorkingDir");
  if (!out.working_dir.empty()) out.working_dir = normal_path(out.working_dir, "/");
  out.entrypoint = optional_texts(process, "Entrypoint");
  out.cmd = optional_texts(process, "Cmd");
  out.user = optional_text(process, "User");
  return out;
}

}  // namespace

std::string Platform::text() const {
  return os + "/" + architecture + (variant.empty() ? "" : "/" + variant);
}

Platform parse_platform(const std::string& text) {
  const std::vector<std::string> parts = split(text, '/');
  return {parts.at(0), parts.at(1), parts.size() > 2 ? parts[2] : ""};
}

bool is_index(const std::string& media_type) {
  return media_type == kIndex ||
         media_type == "application/vnd.docker.distribution.manifest.list.v2+json";
}

bool is_manifest(const std::string& media_type) {
  return media_type == kManifest ||
         media_type == "application/vnd.docker.distribution.manifest.v2+json";
}

std::string media_type_of(std::string_view text, const std::string& where) {
  const json document = StrictParser(where).parse(text);
  const Node root(document, where, "");
  check_schema_version(root);
  if (const auto type = root.find("mediaType")) return type->text();
  return root.find("manifests") ? kIndex : kManifest;
}

void check_layout_version(std::string_view text, const std::string& where) {
  const json document = StrictParser(where).parse(text);
  const Node version = Node(document, where, "").at("imageLayoutVersion");
  if (!version.text().starts_with("1.")) {
    throw version.error("is " + quote(version.text()) + "; this Cntr reads version 1.0.0");
  }
}

std::vector<Descriptor> parse_index(std::string_view text, const std::string& where) {
  const json document = StrictParser(where).parse(text);
  const Node root(document, where, "");
  check_schema_version(root);
  std::vector<Descriptor> out;
  for (const Node& element : root.at("manifests").elements()) out.push_back(to_descriptor(element));
  return out;
}

Manifest parse_manifest(std::string_view text, const std::string& where) {
  const json document = StrictParser(where).parse(text);
  const Node root(document, where, "");
  check_schema_version(root);
  Manifest out;
  out.config = to_descriptor(root.at("config"));
  for (const Node& element : root.at("layers").elements()) {
    out.layers.push_back(to_descriptor(element));
  }
  return out;
}

Config parse_config(std::string_view text, const std::string& where) {
  const json document = StrictParser(where).parse(text);
  const Node root(document, where, "");
  Config out;
  out.platform = to_platform(root);
  const Node rootfs = root.at("rootfs");
  const Node type = rootfs.at("type");
  if (type.text() != "layers") throw type.error("is " + quote(type.text()) + ", not \"layers\"");
  for (const Node& element : rootfs.at("diff_ids").elements()) {
    out.diff_ids.push_back(to_digest(element));
  }
  if (const auto process = root.find("config")) out.process = to_image_config(*process);
  return out;
}

}  // namespace cntr::image
