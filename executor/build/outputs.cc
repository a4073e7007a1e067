#include "build/outputs.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <map>

#include "base/error.h"
#include "base/file_system.h"
#include "base/text.h"
#include "build/sandbox_paths.h"
#include "build/sandbox_setup.h"

namespace cntr::build {
namespace {

std::string describe_output(store::OutputKind kind, bool executable, const Digest& digest) {
  const char* const word = kind == store::OutputKind::kDirectory ? "directory "
                           : executable                          ? "executable "
                                                                 : "file ";
  return word + digest.text();
}

std::string describe_at_place(const ResolvedOutput& output, store::FileDigests& digests) {
  const auto info = stat_link(output.host);
  if (!info) return "absent";
  const bool is_directory = info->kind == FileKind::kDirectory;
  if (is_directory != (output.kind == store::OutputKind::kDirectory) ||
      (!is_directory && info->kind != FileKind::kRegular)) {
    return "other";
  }
  if (!is_directory) {
    const auto content = digests.file(output.host);
    if (!content) return "absent";
    return describe_output(output.kind, content->executable, content->digest);
  }
  const auto tree = digests.tree(output.host);
  return tree ? describe_output(output.kind, false, tree->digest()) : "absent";
}

void set_modification_time(const std::string& path, int64_t stamp) {
  constexpr int64_t kSecond = 1'000'000'000;
  std::array<timespec, 2> times{};
  times[0].tv_nsec = UTIME_OMIT;
  times[1].tv_sec = stamp / kSecond;
  times[1].tv_nsec = stamp % kSecond;
  if (utimensat(AT_FDCWD, path.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0) {
    throw system_error("Cannot set the time of " + path, errno);
  }
}

// A place in `trash` that nothing has yet.
std::string trash_name(const std::string& trash) {
  return make_temporary_directory(trash, "old-") + "/old";
}

void move_aside(const std::string& path, const std::string& trash) {
  if (!stat_link(path)) return;
  make_directories(trash);
  if (rename(path.c_str(), trash_name(trash).c_str()) != 0) {
    if (errno != EXDEV) throw system_error("Cannot replace " + path, errno);
    remove_tree(path);  // on another file system (an external output)
  }
}

// The first socket, fifo or device that it comes to; nullopt when there is none.
std::optional<std::string> normalise_modes(const std::string& path) {
  const auto info = stat_link(path);
  if (!info || info->kind == FileKind::kSymlink) return std::nullopt;
  if (info->kind == FileKind::kOther) return path;
  const bool is_directory = info->kind == FileKind::kDirectory;
  const mode_t full = is_directory || info->executable() ? 0777 : 0666;
  const mode_t mode = full & ~file_creation_mask();
  if (info->mode != mode && chmod(path.c_str(), mode) != 0) {
    throw system_error("Cannot set the permissions of " + path, errno);
  }
  if (!is_directory) return std::nullopt;
  for (const std::string& name : list_directory(path)) {
    if (auto special = normalise_modes(path + "/" + name)) return special;
  }
  return std::nullopt;
}

std::string sentence_of_what_was_made(const ResolvedStep& resolved, const std::string& work) {
  constexpr size_t kMost = 10;
  const std::string build = path_in_work(work, std::string(kBuildRoot));
  std::vector<std::string> made;
  try {
    made = list_tree(build);
  } catch (const Error& error) {
    return "What it made cannot be listed: " + error.message() + ".";
  }
  std::erase_if(made, [&](const std::string& relative) {
    const std::string container = std::string(kBuildRoot) + "/" + relative;
    const auto info = stat_link(build + "/" + relative);
    if (info && info->kind == FileKind::kDirectory) return true;
    return std::any_of(resolved.inputs.begin(), resolved.inputs.end(),
                       [&](const ResolvedInput& input) { return input.container == container; });
  });
  std::sort(made.begin(), made.end());
  if (made.empty()) return "It made no file in the build directory.";
  std::string out = "It made:";
  for (size_t i = 0; i < std::min(made.size(), kMost); ++i) out += " " + printable(made[i]);
  if (made.size() > kMost) out += " and more";
  return out + ".";
}

}  // namespace

spec::SignatureText describe_outputs(const ResolvedStep& resolved,
                                     const std::vector<store::Output>& outputs) {
  std::map<std::string, const store::Output*> by_path;
  for (const store::Output& output : outputs) by_path[output.path] = &output;
  spec::SignatureText text;
  for (const ResolvedOutput& declared : resolved.outputs) {
    const auto found = by_path.find(declared.container);
    if (found == by_path.end()) {
      text.add("output", declared.container, "absent");
    } else {
      const store::Output& output = *found->second;
      text.add("output", declared.container,
               describe_output(output.kind, output.executable, output.digest));
    }
  }
  return text;
}

spec::SignatureText describe_build_tree(const ResolvedStep& resolved, store::FileDigests& digests) {
  spec::SignatureText text;
  for (const ResolvedOutput& output : resolved.outputs) {
    text.add("output", output.container, describe_at_place(output, digests));
  }
  return text;
}

std::vector<std::string> missing_outputs(const ResolvedStep& resolved, const std::string& work) {
  std::vector<std::string> out;
  for (const ResolvedOutput& output : resolved.outputs) {
    const std::string path = path_in_work(work, output.container);
    if (const auto obstacle = obstacle_on_the_way(work, path)) {
      out.push_back("The output " + output.container + " was not made: " + *obstacle +
                    " is not a directory.");
      continue;
    }
    const auto info = stat_link(path);
    const bool wants_directory = output.kind == store::OutputKind::kDirectory;
    const FileKind wanted = wants_directory ? FileKind::kDirectory : FileKind::kRegular;
    if (!info) {
      if (!output.optional) out.push_back("The output " + output.container + " was not made.");
    } else if (info->kind == FileKind::kSymlink) {
      out.push_back("The output " + output.container +
                    " is a symbolic link; make it a file, or declare its directory in "
                    "OUTPUT_DIRECTORIES.");
    } else if (info->kind != wanted) {
      out.push_back("The output " + output.container + " is not a " +
                    (wants_directory ? "directory." : "regular file."));
    }
  }
  if (!out.empty()) out.push_back(sentence_of_what_was_made(resolved, work));
  return out;
}

std::vector<std::string> normalise_outputs(const ResolvedStep& resolved, const std::string& work) {
  std::vector<std::string> out;
  for (const ResolvedOutput& output : resolved.outputs) {
    const std::string path = path_in_work(work, output.container);
    const auto special = normalise_modes(path);
    if (!special) continue;
    out.push_back("The output directory " + output.container + " holds " + output.container +
                  printable(special->substr(path.size())) +
                  ", a socket, a fifo or a device; only files, directories and symbolic links can "
                  "be kept.");
  }
  return out;
}

void publish_file(const std::string& made, const std::string& final_path, const std::string& trash,
                  int64_t stamp) {
  make_directories(parent_path(final_path));
  const auto old = stat_link(final_path);
  if (old && old->kind == FileKind::kDirectory) move_aside(final_path, trash);
  set_modification_time(made, stamp);
  if (rename(made.c_str(), final_path.c_str()) == 0) return;
  if (errno != EXDEV) throw system_error("Cannot write " + final_path, errno);
  // An external output on another file system: copied beside its place first.
  const TemporaryDirectory beside(parent_path(final_path), ".cntr-");
  const std::string copy = beside.path() + "/output";
  clone_file(made, copy, stat_link(made)->mode);
  set_modification_time(copy, stamp);
  rename_path(copy, final_path);
}

void publish_directory(const std::string& made, const store::Tree& tree,
                       const std::string& final_path, const std::optional<store::Tree>& old_tree,
                       const std::string& trash, int64_t stamp) {
  std::map<std::string, const store::TreeEntry*> old_entries;
  if (old_tree) {
    for (const store::TreeEntry& entry : old_tree->entries) old_entries[entry.path] = &entry;
  }
  for (const store::TreeEntry& entry : tree.entries) {
    const auto same = old_entries.find(entry.path);
    const bool unchanged = same != old_entries.end() && *same->second == entry &&
                           entry.kind != store::EntryKind::kDirectory;
    const auto old = unchanged ? stat_link(final_path + "/" + entry.path) : std::nullopt;
    set_modification_time(made + "/" + entry.path, old ? old->mtime : stamp);
  }
  set_modification_time(made, stamp);
  make_directories(parent_path(final_path));
  make_directories(trash);
  if (stat_link(final_path)) {
    if (renameat2(AT_FDCWD, made.c_str(), AT_FDCWD, final_path.c_str(), RENAME_EXCHANGE) == 0) {
      return;
    }
    move_aside(final_path, trash);  // this file system cannot exchange
  }
  rename_path(made, final_path);
}

void retract(const std::string& final_path) { remove_tree(final_path); }

}  // namespace cntr::build
