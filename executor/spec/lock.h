// cntr.lock: what the references of a project mean, made for version control. docs/formats.md has
// the format.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/error.h"

namespace cntr::spec {

struct LockedImage {
  std::string reference;  // as the project writes it
  std::string platform;   // "linux/amd64"
  Digest manifest;        // of the manifest for that platform
  Digest config;          // of its config: the image's identity
  std::string when;       // "2026-11-21T18:30:00Z"
  Location location;      // where it was read; not written

  bool operator==(const LockedImage& other) const {
    return reference == other.reference && platform == other.platform &&
           manifest == other.manifest && config == other.config && when == other.when;
  }
};

class Lock {
 public:
  const std::vector<LockedImage>& images() const { return images_; }

  // Null when the reference is not locked for that platform.
  const LockedImage* find(std::string_view reference, std::string_view platform) const;
  // Adds the image, or replaces the one of the same reference and platform.
  void put(LockedImage image);
  // Keeps the images that `keep` is true for.
  template <typename Keep>
  void retain(const Keep& keep) {
    std::erase_if(images_, [&](const LockedImage& image) { return !keep(image); });
  }

 private:
  std::vector<LockedImage> images_;  // sorted by reference and platform
};

// Throws a user Error at line and column, with that line and a caret below it, for anything that is
// not in the format. `path` only names the text in messages.
Lock parse_lock(std::string_view text, const std::string& path);
std::string write_lock(const Lock& lock);

// An empty lock when there is no file.
Lock read_lock(const std::string& path);

}  // namespace cntr::spec
