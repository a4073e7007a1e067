#include "image/oci_json.h"

#include "base/error.h"
#include "base/file_system.h"
#include "base/json_reader.h"
#include "base/text.h"

namespace cntr::image {
namespace {

using Node = JsonNode;

const std::string kIndex = "application/vnd.oci.image.index.v1+json";
const std::string kManifest = "application/vnd.oci.image.manifest.v1+json";

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
  // As ENTRYPOINT [""] of a Containerfile leaves it, which takes back that of the base.
  if (out.entrypoint == std::vector<std::string>{""}) out.entrypoint.clear();
  out.cmd = optional_texts(process, "Cmd");
  out.user = optional_text(process, "User");
  out.stop_signal = optional_text(process, "StopSignal");
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
  const Node root = Node::parse(text, where);
  check_schema_version(root);
  if (const auto type = root.find("mediaType")) return type->text();
  return root.find("manifests") ? kIndex : kManifest;
}

void check_layout_version(std::string_view text, const std::string& where) {
  const Node version = Node::parse(text, where).at("imageLayoutVersion");
  if (!version.text().starts_with("1.")) {
    throw version.error("is " + quote(version.text()) + "; this Cntr reads version 1.0.0");
  }
}

std::vector<Descriptor> parse_index(std::string_view text, const std::string& where) {
  const Node root = Node::parse(text, where);
  check_schema_version(root);
  std::vector<Descriptor> out;
  for (const Node& element : root.at("manifests").elements()) out.push_back(to_descriptor(element));
  return out;
}

Manifest parse_manifest(std::string_view text, const std::string& where) {
  const Node root = Node::parse(text, where);
  check_schema_version(root);
  Manifest out;
  out.config = to_descriptor(root.at("config"));
  for (const Node& element : root.at("layers").elements()) {
    out.layers.push_back(to_descriptor(element));
  }
  return out;
}

Config parse_config(std::string_view text, const std::string& where) {
  const Node root = Node::parse(text, where);
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
