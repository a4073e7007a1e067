#include <algorithm>
#include <tuple>

#include "base/file_system.h"
#include "base/text.h"
#include "spec/lock.h"
#include "spec/spec.h"
#include "spec/yaml_map.h"

namespace cntr::spec {
namespace {

constexpr int kLockVersion = 1;

std::string checked_reference(const std::string& text) {
  const auto is_graphic = [](char c) { return c > ' ' && c < '\x7f'; };
  if (!text.empty() && std::all_of(text.begin(), text.end(), is_graphic)) return text;
  throw user_error("Bad reference " + quote(text));
}

std::string locked_platform(const std::string& text) {
  if (is_valid_platform(text)) return text;
  throw user_error("Bad platform " + quote(text));
}

Digest checked_digest(const std::string& text) {
  const auto digest = text.starts_with("sha256:") ? Digest::parse(text) : std::nullopt;
  if (digest) return *digest;
  throw user_error("Bad digest " + quote(text), {"Expected sha256: and 64 hexadecimal digits."});
}

// "2026-11-21T18:30:00Z"
std::string checked_time(const std::string& text) {
  constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:ddZ";
  const auto fits = [](char form, char c) {
    return form == 'd' ? c >= '0' && c <= '9' : form == c;
  };
  if (text.size() == kForm.size() && std::equal(kForm.begin(), kForm.end(), text.begin(), fits)) {
    return text;
  }
  throw user_error("Bad time " + quote(text), {"Expected a time such as 2026-11-21T18:30:00Z."});
}

LockedImage parse_locked_image(YamlMap& map) {
  LockedImage image;
  image.reference = map.at("reference", checked_reference);
  image.platform = map.at("platform", locked_platform);
  image.manifest = map.at("manifest", checked_digest);
  image.config = map.at("config", checked_digest);
  image.when = map.at("locked", checked_time);
  image.location = map.location_of("reference");
  map.finish();
  return image;
}

Lock parse_document(std::string_view text, const std::string& path) {
  YamlMap map(parse_yaml_document(text, path), path);
  map.expect_header("lock", kLockVersion);
  Lock lock;
  for (YamlMap& entry : map.maps("images")) {
    LockedImage image = parse_locked_image(entry);
    if (lock.find(image.reference, image.platform) != nullptr) {
      throw entry.error_at("reference",
                           quote(image.reference) + " is locked twice for " + image.platform);
    }
    lock.put(std::move(image));
  }
  map.finish();
  return lock;
}

bool comes_before(const LockedImage& left, const LockedImage& right) {
  return std::tie(left.reference, left.platform) < std::tie(right.reference, right.platform);
}

}  // namespace

const LockedImage* Lock::find(std::string_view reference, std::string_view platform) const {
  const auto found = std::find_if(images_.begin(), images_.end(), [&](const LockedImage& image) {
    return image.reference == reference && image.platform == platform;
  });
  return found == images_.end() ? nullptr : &*found;
}

void Lock::put(LockedImage image) {
  const auto place = std::lower_bound(images_.begin(), images_.end(), image, comes_before);
  if (place != images_.end() && !comes_before(image, *place)) {
    *place = std::move(image);
  } else {
    images_.insert(place, std::move(image));
  }
}

Lock parse_lock(std::string_view text, const std::string& path) {
  try {
    return parse_document(text, path);
  } catch (const Error& error) {
    throw with_caret(text, error);
  }
}

std::string write_lock(const Lock& lock) {
  std::string out =
      "# What the image references of this project mean. Keep it under version control.\n"
      "# `cntr lock --update` asks the registries again.\n"
      "cntr: lock\nversion: " +
      std::to_string(kLockVersion) + "\nimages:" + (lock.images().empty() ? " []\n" : "\n");
  for (const LockedImage& image : lock.images()) {
    out += "  - reference: " + quote(image.reference) + "\n    platform: " + image.platform +
           "\n    manifest: " + image.manifest.text() + "\n    config: " + image.config.text() +
           "\n    locked: " + image.when + "\n";
  }
  return out;
}

Lock read_lock(const std::string& path) {
  const auto text = read_file_if_exists(path);
  return text ? parse_lock(*text, path) : Lock();
}

}  // namespace cntr::spec
