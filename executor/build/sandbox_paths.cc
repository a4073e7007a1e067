#include "build/sandbox_paths.h"

#include <algorithm>

#include "base/file_system.h"

namespace cntr::build {
namespace {

// Characters that continue a file name, so that /home/ada/weather is not found in
// /home/ada/weather-old.
bool continues_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         static_cast<unsigned char>(c) >= 0x80 ||
         std::string_view("._+~-").find(c) != std::string_view::npos;
}

// Whether a path that begins at `position` is a path of its own: not the tail of a longer path
// ("/mnt" + "/home/ada"), but possibly behind letters ("-I/home/ada") or a scheme ("file://").
bool begins_path(std::string_view text, size_t position) {
  const std::string_view before = text.substr(0, position);
  if (before.size() >= 3 && before.substr(before.size() - 3) == "://") return true;
  size_t i = before.size();
  while (i > 0 && continues_name(before[i - 1])) --i;
  return i == 0 || before[i - 1] != '/';
}

bool ends_path(std::string_view text, size_t position) {
  return position == text.size() || !continues_name(text[position]);
}

}  // namespace

PathMap::PathMap(std::vector<Root> roots) : roots_(std::move(roots)) {
  std::stable_sort(roots_.begin(), roots_.end(),
                   [](const Root& a, const Root& b) { return a.from.size() > b.from.size(); });
}

std::optional<std::string> PathMap::find(const std::string& path) const {
  for (const Root& root : roots_) {
    if (const auto rest = path_below(path, root.from)) {
      return rest->empty() ? root.to : root.to + "/" + *rest;
    }
  }
  return std::nullopt;
}

std::string PathMap::rewrite(std::string_view text) const {
  std::string out;
  size_t i = 0;
  while (i < text.size()) {
    const Root* match = nullptr;
    if (text[i] == '/' && begins_path(text, i)) {
      for (const Root& root : roots_) {
        if (root.from != "/" && text.substr(i, root.from.size()) == root.from &&
            ends_path(text, i + root.from.size())) {
          match = &root;
          break;
        }
      }
    }
    if (match == nullptr) {
      out += text[i++];
    } else {
      out += match->to;
      i += match->from.size();
    }
  }
  return out;
}

PathMap sandbox_paths(const spec::Step& step) {
  std::vector<PathMap::Root> roots = {{step.binary_dir, std::string(kBuildRoot)},
                                      {step.source_dir, std::string(kSourceRoot)}};
  for (const spec::NamedMount& mount : step.named_mounts) {
    roots.push_back({mount.path, std::string(kMountRoot) + "/" + mount.name});
  }
  return PathMap(std::move(roots));
}

}  // namespace cntr::build
