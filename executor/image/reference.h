// Image references as projects write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"

namespace cntr::image {

enum class Transport { kRegistry, kDockerDaemon, kContainersStorage };

// An image in a registry is named in full, as Docker does it: "debian" is
// docker.io/library/debian:latest.
struct Reference {
  Transport transport = Transport::kRegistry;
  std::string name;  // of a registry "docker.io/library/debian"; else all after the transport
  std::string tag;   // of a registry; "" when there is a digest
  std::optional<Digest> digest;

  // "docker://docker.io/library/debian:bookworm", "docker-daemon:tools:1"
  std::string text() const;
  // The same image by another digest. For registries.
  Reference at(const Digest& other) const;
  // The registry's host, with its port.
  std::string host() const;
};

// "docker://name", "name", "docker-daemon:name:tag", "containers-storage:name". Throws a user Error
// that says what a reference looks like.
Reference parse_reference(std::string_view text);

}  // namespace cntr::image
