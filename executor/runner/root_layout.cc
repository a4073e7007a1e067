#include "runner/root_layout.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace cntr::runner {
namespace {

constexpr int kMostSymlinks = 40;  // as the kernel

std::string joined(const std::string& directory, const std::string& name) {
  return directory == "/" ? "/" + name : directory + "/" + name;
}

std::string top_level_name(const std::string& path) {
  return path.substr(1, path.find('/', 1) - 1);
}

}  // namespace

RootLayout::RootLayout(const FileTree& tree, std::string directory, std::set<std::string> without,
                       bool writable)
    : tree_(tree),
      directory_(std::move(directory)),
      without_(std::move(without)),
      writable_(writable) {
  if (!without_.empty()) rebuilt_.insert("/");
}

void RootLayout::add_provided(const std::string& path) {
  const std::optional<FileKind> there = kind(path);
  if (writable_ && there && there != FileKind::kDirectory) {
    throw user_error("the image has no directory at " + path +
                     " but a file or a symbolic link, which a writable root cannot have");
  }
  if (!writable_ && there != FileKind::kDirectory) rebuilt_.insert(parent_path(path));
  covered_.insert(path);
}

std::optional<std::string> RootLayout::hide(const std::string& path) {
  const std::string place = resolved(path);
  if (place == "/") {
    throw user_error("a project in / cannot be built without an image: it cannot be hidden");
  }
  if (is_covered(place) || kind(place) != FileKind::kDirectory) return std::nullopt;
  covered_.insert(place);
  return place;
}

std::string RootLayout::add_mount_point(const std::string& path, bool directory) {
  const std::string place = is_covered(path) ? path : resolved(path);
  const std::string top = top_level_name(place);
  if (place == "/" || top == "proc" || top == "dev") {
    throw user_error("cannot mount at " + quote(path) +
                     ": /, /proc and /dev belong to the sandbox");
  }
  if (!is_covered(place)) prepare_mount_point(path, place, directory);
  if (directory) covered_.insert(place);
  return place;
}

void RootLayout::prepare_mount_point(const std::string& path, const std::string& place,
                                     bool directory) {
  const std::optional<FileKind> there = kind(place);
  if (there && (*there == FileKind::kDirectory) != directory) {
    throw user_error("cannot mount a " + std::string(directory ? "directory" : "file") + " at " +
                     quote(path) + ": the root has a " + (directory ? "file" : "directory") +
                     " there");
  }
  if (there) return;
  std::string existing = parent_path(place);
  while (!kind(existing)) existing = parent_path(existing);
  if (kind(existing) != FileKind::kDirectory) {
    throw user_error("cannot mount at " + quote(path) + ": " + quote(existing) +
                     " is a file in the root");
  }
  if (!writable_) rebuilt_.insert(existing);
}

std::vector<RootLayout::Rebuilt> RootLayout::rebuilt() const {
  std::vector<Rebuilt> all;
  for (const std::string& path : rebuilt_) {
    Rebuilt one{path, {}};
    for (const std::string& name : tree_.names(host_path(path))) {
      const std::string entry = joined(path, name);
      // What is rebuilt or provided itself needs no mount before.
      if (rebuilt_.contains(entry) || covered_.contains(entry)) continue;
      if (path == "/" && without_.contains(name)) continue;
      if (kind(entry) == FileKind::kSymlink) {
        one.entries.push_back({entry, "", tree_.link_target(host_path(entry))});
      } else {
        one.entries.push_back({entry, host_path(entry), ""});
      }
    }
    all.push_back(std::move(one));
  }
  return all;
}

std::string RootLayout::host_path(const std::string& path) const {
  if (directory_ == "/") return path;
  return path == "/" ? directory_ : directory_ + path;
}

std::optional<FileKind> RootLayout::kind(const std::string& path) const {
  if (path != "/" && without_.contains(top_level_name(path))) return std::nullopt;
  return tree_.kind(host_path(path));
}

std::string RootLayout::resolved(const std::string& path) const {
  std::string place = "/";
  std::vector<std::string> rest = split(path, '/');
  std::reverse(rest.begin(), rest.end());
  int symlinks = 0;
  while (!rest.empty()) {
    const std::string name = std::move(rest.back());
    rest.pop_back();
    if (name.empty() || name == ".") continue;
    if (name == "..") {
      place = parent_path(place);
      continue;
    }
    const std::string next = joined(place, name);
    if (is_covered(next) || kind(next) != FileKind::kSymlink) {
      place = next;
      continue;
    }
    if (++symlinks > kMostSymlinks) {
      throw user_error("cannot mount at " + quote(path) +
                       ": the root has a loop of symbolic links there");
    }
    const std::string target = tree_.link_target(host_path(next));
    if (target.starts_with('/')) place = "/";
    std::vector<std::string> names = split(target, '/');
    rest.insert(rest.end(), names.rbegin(), names.rend());
  }
  return place;
}

bool RootLayout::is_covered(const std::string& path) const {
  return std::any_of(covered_.begin(), covered_.end(),
                     [&](const std::string& root) { return path_below(path, root).has_value(); });
}

}  // namespace cntr::runner
