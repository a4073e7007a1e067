// Names that archives give to their entries. They are hostile.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace cntr::image {

// Far above any real image, and well below what a process may open: removing a tree takes a
// descriptor a level.
constexpr size_t kMaxDirectoryDepth = 200;
constexpr size_t kMaxEntryPath = 3072;

// The components of an entry's name; leading, doubled and final slashes and "." do not count, so
// the root itself has none. Throws a user Error for ".." and for names that are too long or too
// deep; `what` begins its message.
std::vector<std::string> entry_components(std::string_view name,
                                          const std::string& what = "its name");

Error name_too_long(const std::string& what);
Error name_too_deep();

}  // namespace cntr::image
