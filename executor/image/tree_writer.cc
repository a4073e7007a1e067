#include "image/tree_writer.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/error.h"
#include "base/text.h"

namespace cntr::image {
namespace {

// Far above any real image, and well below what a process may open: removing a tree takes a
// descriptor a level.
constexpr size_t kMaxDirectoryDepth = 200;
constexpr size_t kMaxPath = 3072;
constexpr int kMaxLinks = 40;  // as the kernel
constexpr mode_t kImpliedMode = 0755;

// A path that comes from an archive, as the components still to be walked, the first one last.
void push_components(std::vector<std::string>& pending, const std::string& path) {
  const std::vector<std::string> parts = split(path, '/');
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    if (!part->empty() && *part != ".") pending.push_back(*part);
  }
}

std::string read_link_at(int directory, const std::string& name) {
  std::array<char, PATH_MAX> target{};
  const ssize_t count = readlinkat(directory, name.c_str(), target.data(), target.size());
  return count < 0 ? "" : std::string(target.data(), static_cast<size_t>(count));
}

UniqueFd open_directory_at(int parent, const std::string& name) {
  return UniqueFd(openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

Error too_long(const std::string& what) {
  return user_error(what + " is longer than " + std::to_string(kMaxPath) + " bytes");
}

Error too_deep() {
  return user_error("it is more than " + std::to_string(kMaxDirectoryDepth) + " directories deep");
}

std::array<timespec, 2> both(const timespec& time) { return {time, time}; }

}  // namespace

std::vector<std::string> entry_components(std::string_view name, const std::string& what) {
  if (name.empty()) throw user_error(what + " is empty");
  if (name.size() > kMaxPath) throw too_long(what);
  std::vector<std::string> components;
  for (std::string& part : split(name, '/')) {
    if (part == "..") throw user_error(what + " has a \"..\"");
    if (part.size() > NAME_MAX) {
      throw user_error(what + " has a part of more than " + std::to_string(NAME_MAX) + " bytes");
    }
    if (!part.empty() && part != ".") components.push_back(std::move(part));
  }
  if (components.size() > kMaxDirectoryDepth) throw too_deep();
  return components;
}

TreeWriter::TreeWriter(std::string root, TreeModes modes, UnpackBudget& budget)
    : root_(std::move(root)), modes_(modes), budget_(budget) {
  UniqueFd fd = open_directory_at(AT_FDCWD, root_);
  if (!fd.valid()) throw system_error("Cannot open " + root_, errno);
  root_directory_ = std::make_shared<OpenDirectory>(OpenDirectory{std::move(fd), ""});
}

std::string TreeWriter::host_path(const std::string& path) const {
  return path.empty() ? root_ : root_ + "/" + path;
}

TreeWriter::Directory TreeWriter::make_child(const Directory& parent, const std::string& name) {
  const std::string path = Place{parent, name}.path();
  if (mkdirat(parent->fd.get(), name.c_str(), 0700) != 0) {
    throw system_error("Cannot make the directory " + host_path(path), errno);
  }
  UniqueFd fd = open_directory_at(parent->fd.get(), name);
  if (!fd.valid() || fchmod(fd.get(), modes_.directory(kImpliedMode)) != 0) {
    throw system_error("Cannot make the directory " + host_path(path), errno);
  }
  return std::make_shared<OpenDirectory>(OpenDirectory{std::move(fd), path});
}

// Null when there is no such directory; then `link_target` is set if it is a symbolic link.
TreeWriter::Directory TreeWriter::open_child(const Directory& parent, const std::string& name,
                                             bool make_missing,
                                             std::optional<std::string>& link_target) {
  const Place place{parent, name};
  UniqueFd fd = open_directory_at(parent->fd.get(), name);
  if (fd.valid()) {
    return std::make_shared<OpenDirectory>(OpenDirectory{std::move(fd), place.path()});
  }
  const int error = errno;
  if (error == ENAMETOOLONG) throw user_error("it lies below a symbolic link that is too long");
  if (error != ENOENT && error != ENOTDIR && error != ELOOP) {
    throw system_error("Cannot open " + host_path(place.path()), error);
  }
  const auto kind = kind_at(place);
  if (kind == FileKind::kSymlink) {
    link_target = read_link_at(parent->fd.get(), name);
    return nullptr;
  }
  if (!make_missing) return nullptr;
  if (kind) throw user_error("it lies below " + quote(place.path()) + ", which is no directory");
  budget_.add_entry(place.path().size());
  return make_child(parent, name);
}

TreeWriter::Directory TreeWriter::resolve(const std::vector<std::string>& components,
                                          bool make_missing) {
  if (last_directory_ && components == last_components_) return last_directory_;
  std::vector<Directory> walked = {root_directory_};
  std::vector<std::string> pending(components.rbegin(), components.rend());
  int links = 0;
  while (!pending.empty()) {
    const std::string name = std::move(pending.back());
    pending.pop_back();
    if (name == "..") {
      if (walked.size() > 1) walked.pop_back();
      continue;
    }
    std::optional<std::string> link_target;
    Directory child = open_child(walked.back(), name, make_missing, link_target);
    if (child) {
      walked.push_back(std::move(child));
      if (walked.size() > kMaxDirectoryDepth + 1) throw too_deep();
      if (walked.back()->path.size() > kMaxPath) throw too_long("its resolved name");
      continue;
    }
    if (!link_target) return nullptr;
    if (++links > kMaxLinks) throw user_error("it lies below a loop of symbolic links");
    if (link_target->starts_with('/')) walked.resize(1);
    push_components(pending, *link_target);
  }
  last_components_ = components;
  last_directory_ = walked.back();
  return walked.back();
}

Place TreeWriter::place(const std::vector<std::string>& components) {
  const std::vector<std::string> parents(components.begin(), components.end() - 1);
  return {resolve(parents, true), components.back()};
}

std::optional<Place> TreeWriter::find(const std::vector<std::string>& components) {
  const std::vector<std::string> parents(components.begin(), components.end() - 1);
  Directory parent = resolve(parents, false);
  if (!parent) return std::nullopt;
  return Place{std::move(parent), components.back()};
}

std::optional<FileKind> TreeWriter::kind_at(const Place& place) const {
  struct stat info {};
  if (fstatat(place.parent->fd.get(), place.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return std::nullopt;
    throw system_error("Cannot look at " + host_path(place.path()), errno);
  }
  if (S_ISREG(info.st_mode)) return FileKind::kRegular;
  if (S_ISDIR(info.st_mode)) return FileKind::kDirectory;
  return S_ISLNK(info.st_mode) ? FileKind::kSymlink : FileKind::kOther;
}

void TreeWriter::put_directory(const Place& place, mode_t mode, const timespec& mtime) {
  if (kind_at(place) != FileKind::kDirectory) {
    remove(place);
    make_child(place.parent, place.name);
  }
  const UniqueFd fd = open_directory_at(place.parent->fd.get(), place.name);
  if (!fd.valid() || fchmod(fd.get(), modes_.directory(mode)) != 0) {
    throw system_error("Cannot make the directory " + host_path(place.path()), errno);
  }
  directory_times_[place.path()] = mtime;
}

void TreeWriter::put_symlink(const Place& place, const std::string& target, const timespec& mtime) {
  if (target.empty()) throw user_error("it is a symbolic link without a target");
  if (target.size() >= PATH_MAX) throw user_error("the target of the symbolic link is too long");
  remove(place);
  const int parent = place.parent->fd.get();
  if (symlinkat(target.c_str(), parent, place.name.c_str()) != 0 ||
      utimensat(parent, place.name.c_str(), both(mtime).data(), AT_SYMLINK_NOFOLLOW) != 0) {
    throw system_error("Cannot make the symbolic link " + host_path(place.path()), errno);
  }
}

void TreeWriter::put_hard_link(const Place& place, const Place& target) {
  if (place == target) return;
  if (target.path().starts_with(place.path() + "/")) {
    throw user_error("it is a hard link that would replace the directory of its target");
  }
  remove(place);
  if (linkat(target.parent->fd.get(), target.name.c_str(), place.parent->fd.get(),
             place.name.c_str(), 0) != 0) {
    throw system_error("Cannot make the hard link " + host_path(place.path()), errno);
  }
}

UniqueFd TreeWriter::put_file(const Place& place) {
  remove(place);
  UniqueFd fd(openat(place.parent->fd.get(), place.name.c_str(),
                     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd.valid()) throw system_error("Cannot write " + host_path(place.path()), errno);
  return fd;
}

void TreeWriter::close_file(const UniqueFd& fd, const Place& place, uint64_t size, mode_t mode,
                            const timespec& mtime) {
  if (ftruncate(fd.get(), static_cast<off_t>(size)) != 0 ||
      fchmod(fd.get(), modes_.file(mode)) != 0 || futimens(fd.get(), both(mtime).data()) != 0) {
    throw system_error("Cannot write " + host_path(place.path()), errno);
  }
}

void TreeWriter::set_root(mode_t mode, const timespec& mtime) {
  if (fchmod(root_directory_->fd.get(), modes_.directory(mode)) != 0) {
    throw system_error("Cannot set the permissions of " + root_, errno);
  }
  directory_times_[""] = mtime;
}

void TreeWriter::remove(const Place& place) {
  const int parent = place.parent->fd.get();
  if (unlinkat(parent, place.name.c_str(), 0) == 0) {
    last_directory_ = nullptr;
    return;
  }
  if (errno == ENOENT) return;
  remove_at(place.path());
}

void TreeWriter::remove_at(const std::string& path) {
  last_directory_ = nullptr;
  constexpr char kAfterSlash = '/' + 1;
  directory_times_.erase(path);
  directory_times_.erase(directory_times_.lower_bound(path + "/"),
                         directory_times_.lower_bound(path + kAfterSlash));
  // A path below the root was resolved when it was made: no link is in it, and nobody else writes
  // here.
  remove_tree(host_path(path));
}

void TreeWriter::remove_entries(const std::string& directory,
                                const std::function<bool(const std::string&)>& keep) {
  for (const std::string& name : list_directory(host_path(directory))) {
    const std::string path = directory.empty() ? name : directory + "/" + name;
    if (!keep(path)) {
      remove_at(path);
    } else if (stat_link(host_path(path))->kind == FileKind::kDirectory) {
      remove_entries(path, keep);
    }
  }
}

void TreeWriter::finish() {
  for (const auto& [path, mtime] : directory_times_) {
    std::vector<std::string> components;
    if (!path.empty()) components = entry_components(path);
    const Directory directory = resolve(components, false);
    if (directory) futimens(directory->fd.get(), both(mtime).data());
  }
}

}  // namespace cntr::image
