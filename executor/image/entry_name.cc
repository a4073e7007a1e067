#include "image/entry_name.h"

#include <limits.h>

#include <utility>

#include "base/text.h"

namespace cntr::image {

Error name_too_long(const std::string& what) {
  return user_error(what + " is longer than " + std::to_string(kMaxEntryPath) + " bytes");
}

Error name_too_deep() {
  return user_error("it is more than " + std::to_string(kMaxDirectoryDepth) + " directories deep");
}

std::vector<std::string> entry_components(std::string_view name, const std::string& what) {
  if (name.empty()) throw user_error(what + " is empty");
  if (name.size() > kMaxEntryPath) throw name_too_long(what);
  std::vector<std::string> components;
  for (std::string& part : split(name, '/')) {
    if (part == "..") throw user_error(what + " has a \"..\"");
    if (part.size() > NAME_MAX) {
      throw user_error(what + " has a part of more than " + std::to_string(NAME_MAX) + " bytes");
    }
    if (!part.empty() && part != ".") components.push_back(std::move(part));
  }
  if (components.size() > kMaxDirectoryDepth) throw name_too_deep();
  return components;
}

}  // namespace cntr::image
