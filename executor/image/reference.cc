#include "image/reference.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/text.h"

namespace cntr::image {
namespace {

constexpr std::string_view kRegistry = "docker://";
constexpr std::string_view kDockerDaemon = "docker-daemon:";
constexpr std::string_view kContainersStorage = "containers-storage:";
// Other transports of skopeo, for files: not names of images with what follows as their tag.
constexpr std::array<std::string_view, 5> kForFiles = {
    "docker-archive:", "oci-archive:", "oci:", "dir:", "sif:"};

Error bad(std::string_view text, const std::string& why) {
  return user_error(quote(text) + " is no image reference: " + why,
                    {"A reference is [docker://][<host>/]<name>:<tag> or ...@sha256:<digest>, "
                     "docker-daemon:<name>:<tag> or containers-storage:<name>:<tag>."});
}

bool is_lower(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_alphanumeric(char c) { return is_lower(c) || (c >= 'A' && c <= 'Z'); }

// OCI distribution specification, "Pulling manifests": <name> and <reference>.
bool is_component(std::string_view text) {
  if (text.empty() || !is_lower(text.front()) || !is_lower(text.back())) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_lower(c) || c == '.' || c == '_' || c == '-'; });
}

bool is_repository(std::string_view text) {
  constexpr size_t kMaxLength = 255;
  const auto components = split(text, '/');
  return text.size() <= kMaxLength &&
         std::all_of(components.begin(), components.end(),
                     [](const std::string& one) { return is_component(one); });
}

bool is_tag(std::string_view text) {
  constexpr size_t kMaxLength = 128;
  if (text.empty() || text.size() > kMaxLength) return false;
  if (!is_alphanumeric(text.front()) && text.front() != '_') return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alphanumeric(c) || c == '_' || c == '.' || c == '-'; });
}

bool is_host(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_alphanumeric(c) || std::string_view(".-:[]").find(c) != std::string_view::npos;
  });
}

// "debian" -> "docker.io/library/debian"
std::string full_name(const std::string& name) {
  const size_t slash = name.find('/');
  const std::string first = name.substr(0, slash);
  const bool has_host = slash != std::string::npos &&
                        (first.find_first_of(".:") != std::string::npos || first == "localhost");
  if (has_host) return name;
  return slash == std::string::npos ? "docker.io/library/" + name : "docker.io/" + name;
}

Reference parse_registry_reference(std::string_view text, std::string rest) {
  Reference out;
  if (const size_t at = rest.find('@'); at != std::string::npos) {
    const std::string digest = rest.substr(at + 1);
    out.digest = digest.starts_with("sha256:") ? Digest::parse(digest) : std::nullopt;
    if (!out.digest) throw bad(text, quote(digest) + " is not a sha256 digest");
    rest.resize(at);
  }
  const size_t colon = rest.rfind(':');
  const bool has_tag = colon != std::string::npos && rest.find('/', colon) == std::string::npos;
  if (has_tag) {
    out.tag = rest.substr(colon + 1);
    if (!is_tag(out.tag)) throw bad(text, quote(out.tag) + " is not a tag");
    rest.resize(colon);
  }
  out.name = full_name(rest);
  const size_t slash = out.name.find('/');
  if (!is_host(out.name.substr(0, slash)) || !is_repository(out.name.substr(slash + 1))) {
    throw bad(text, quote(rest) + " is not a name");
  }
  if (out.digest) {
    out.tag.clear();
  } else if (!has_tag) {
    out.tag = "latest";
  }
  return out;
}

bool is_graphic(std::string_view text) {
  return !text.empty() && text.front() != '-' &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

}  // namespace

std::string Reference::text() const {
  switch (transport) {
    case Transport::kDockerDaemon:
      return std::string(kDockerDaemon) + name;
    case Transport::kContainersStorage:
      return std::string(kContainersStorage) + name;
    case Transport::kRegistry:
      break;
  }
  return std::string(kRegistry) + name + (digest ? "@" + digest->text() : ":" + tag);
}

Reference Reference::at(const Digest& other) const {
  Reference out = *this;
  out.tag.clear();
  out.digest = other;
  return out;
}

std::string Reference::host() const { return name.substr(0, name.find('/')); }

Reference parse_reference(std::string_view text) {
  for (const auto& [prefix, transport] :
       {std::pair(kDockerDaemon, Transport::kDockerDaemon),
        std::pair(kContainersStorage, Transport::kContainersStorage)}) {
    if (!text.starts_with(prefix)) continue;
    const std::string_view name = text.substr(prefix.size());
    if (!is_graphic(name)) throw bad(text, quote(name) + " is not a name");
    return {transport, std::string(name), "", std::nullopt};
  }
  for (const std::string_view prefix : kForFiles) {
    if (text.starts_with(prefix))
      throw bad(text, "files are named with ARCHIVE, OCI_LAYOUT or SIF");
  }
  std::string_view rest = text;
  if (rest.starts_with(kRegistry)) rest.remove_prefix(kRegistry.size());
  if (rest.find("://") != std::string_view::npos) throw bad(text, "its transport is not known");
  if (rest.empty()) throw bad(text, "it has no name");
  return parse_registry_reference(text, std::string(rest));
}

}  // namespace cntr::image
