#include "image/build_context.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/error.h"
#include "image/ignore_patterns.h"

namespace cntr::image {
namespace {

Error changed_meanwhile(const std::string& path) {
  return user_error(path + " has changed while the build's context was read", {"Build again."});
}

class ContextReader {
 public:
  ContextReader(const std::string& context, const std::string& ignore_file, IgnorePatterns patterns,
                store::FileDigests& digests)
      : context_(context),
        ignore_file_(ignore_file),
        patterns_(std::move(patterns)),
        digests_(digests) {}

  store::Tree read() {
    read_directory("");
    std::sort(tree_.entries.begin(), tree_.entries.end(),
              [](const store::TreeEntry& left, const store::TreeEntry& right) {
                return left.path < right.path;
              });
    return std::move(tree_);
  }

 private:
  // True when something in it counts.
  bool read_directory(const std::string& directory) {
    bool counts = false;
    for (const std::string& name : list_directory(context_ + "/" + directory)) {
      const std::string path = directory.empty() ? name : directory + "/" + name;
      counts = read_entry(path) || counts;
    }
    return counts;
  }

  bool read_entry(const std::string& path) {
    const std::string whole = context_ + "/" + path;
    const auto info = stat_link(whole);
    if (!info) return false;
    const bool ignored = patterns_.ignores(path);
    if (info->kind == FileKind::kDirectory) {
      if (ignored && !patterns_.has_exceptions()) return false;
      const bool counts = read_directory(path);
      if (ignored && !counts) return false;
      tree_.entries.push_back({path, store::EntryKind::kDirectory, {}, ""});
      return true;
    }
    if (ignored || whole == ignore_file_ || path == ".dockerignore" || path == ".containerignore") {
      return false;
    }
    if (info->kind == FileKind::kSymlink) {
      tree_.entries.push_back({path, store::EntryKind::kSymlink, {}, read_link(whole)});
      return true;
    }
    if (info->kind != FileKind::kRegular) return false;
    const auto content = digests_.file(whole);
    if (!content) throw changed_meanwhile(whole);
    const auto kind = content->executable ? store::EntryKind::kExecutable : store::EntryKind::kFile;
    tree_.entries.push_back({path, kind, content->digest, ""});
    return true;
  }

  const std::string& context_;
  const std::string& ignore_file_;
  IgnorePatterns patterns_;
  store::FileDigests& digests_;
  store::Tree tree_;
};

void copy_time(const std::string& from, const std::string& to) {
  struct stat info {};
  if (stat(from.c_str(), &info) != 0) throw changed_meanwhile(from);
  const std::array<timespec, 2> times = {info.st_mtim, info.st_mtim};
  if (utimensat(AT_FDCWD, to.c_str(), times.data(), 0) != 0) {
    throw system_error("Cannot set the time of " + to, errno);
  }
}

}  // namespace

std::string ignore_file_of(const std::string& containerfile, const std::string& context) {
  for (const std::string& path :
       {containerfile + ".containerignore", containerfile + ".dockerignore",
        context + "/.containerignore", context + "/.dockerignore"}) {
    if (exists(path)) return path;
  }
  return "";
}

BuildContext read_context(const std::string& containerfile, const std::string& context,
                          const std::string& build_file, store::FileDigests& digests) {
  const auto info = stat_file(context);
  if (!info || info->kind != FileKind::kDirectory) {
    throw user_error("the context " + context + " is not a directory");
  }
  const std::string ignore_file = ignore_file_of(containerfile, context);
  IgnorePatterns patterns;
  if (!ignore_file.empty()) patterns = IgnorePatterns::parse(read_file(ignore_file), ignore_file);
  const auto within = path_below(build_file, context);
  if (within && !patterns.ignores(*within)) {
    throw user_error("the context " + context + " holds the build tree",
                     {"Leave the build tree out of it, in " + context +
                      "/.dockerignore, or give "
                      "a smaller CONTEXT."});
  }
  return {context, ContextReader(context, ignore_file, std::move(patterns), digests).read()};
}

void stage_context(const BuildContext& context, const std::string& to) {
  for (const store::TreeEntry& entry : context.tree.entries) {
    const std::string from = context.directory + "/" + entry.path;
    const std::string target = to + "/" + entry.path;
    switch (entry.kind) {
      case store::EntryKind::kDirectory:
        if (mkdir(target.c_str(), 0755) != 0) throw system_error("Cannot make " + target, errno);
        break;
      case store::EntryKind::kSymlink:
        if (symlink(entry.target.c_str(), target.c_str()) != 0) {
          throw system_error("Cannot make " + target, errno);
        }
        break;
      case store::EntryKind::kFile:
      case store::EntryKind::kExecutable:
        clone_file(from, target, entry.kind == store::EntryKind::kExecutable ? 0755 : 0644);
        copy_time(from, target);
        if (digest_of_file(target) != entry.digest) throw changed_meanwhile(from);
        break;
    }
  }
  // After what is in them was written.
  for (const store::TreeEntry& entry : context.tree.entries) {
    if (entry.kind != store::EntryKind::kDirectory) continue;
    copy_time(context.directory + "/" + entry.path, to + "/" + entry.path);
  }
}

}  // namespace cntr::image
