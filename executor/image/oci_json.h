// The JSON documents of an OCI layout (image-spec v1.1) and their Docker schema 2 equivalents.
//
// They are hostile: parsing is strict (RFC 8259, UTF-8, no repeated keys), bounded in depth, and
// every value that is used is checked for its type. Unknown keys are ignored, as the specification
// asks. Each function throws a user Error whose message begins with `where`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "spec/spec.h"

namespace cntr::image {

struct Platform {
  std::string os;
  std::string architecture;
  std::string variant;

  std::string text() const;  // "linux/arm64/v8"
  bool operator==(const Platform&) const = default;
};

// The reverse of text(), for what spec::is_valid_platform() accepts.
Platform parse_platform(const std::string& text);

// A reference to a blob.
struct Descriptor {
  std::string media_type;
  Digest digest;
  uint64_t size = 0;
  std::optional<Platform> platform;
  std::string ref_name;  // annotation org.opencontainers.image.ref.name, "" when absent
};

struct Manifest {
  Descriptor config;
  std::vector<Descriptor> layers;
};

struct Config {
  Platform platform;
  std::vector<Digest> diff_ids;
  spec::ImageConfig process;
};

bool is_index(const std::string& media_type);
bool is_manifest(const std::string& media_type);

// The media type of an index or a manifest as its bytes tell it: the member mediaType, which OCI
// lets a registry leave out, or else the other members.
std::string media_type_of(std::string_view text, const std::string& where);

// The file oci-layout. Throws unless its version is 1.x.
void check_layout_version(std::string_view text, const std::string& where);
// index.json and nested indexes: what they list.
std::vector<Descriptor> parse_index(std::string_view text, const std::string& where);
Manifest parse_manifest(std::string_view text, const std::string& where);
Config parse_config(std::string_view text, const std::string& where);

}  // namespace cntr::image
