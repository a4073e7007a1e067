#include "image_reading.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <map>
#include <set>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "base/file_system.h"
#include "base/process.h"
#include "base/text.h"

namespace cntr::squashfs {
namespace {

void run(const std::vector<std::string>& argv) {
  const Captured result = capture_process(argv);
  if (result.status.code != 0) throw environment_error(argv[0] + ": " + result.out + result.err);
}

bool has(const std::string& program) { return find_program(program, search_path()).has_value(); }

std::string extended_attributes(const std::string& path) {
  std::array<char, 65536> names{};
  const ssize_t size = llistxattr(path.c_str(), names.data(), names.size());
  std::set<std::string> lines;
  for (const char* name = names.data(); size > 0 && name < names.data() + size;
       name += std::string(name).size() + 1) {
    std::string value(65536, '\0');
    const ssize_t count = lgetxattr(path.c_str(), name, value.data(), value.size());
    value.resize(count < 0 ? 0 : static_cast<size_t>(count));
    lines.insert(std::string(" ") + name + "=" +
                 (value.size() < 100 ? quote(value) : digest_of(value).text()));
  }
  std::string out;
  for (const std::string& line : lines) out += line;
  return out;
}

class Lister {
 public:
  void list(const std::string& directory, const std::string& prefix) {
    for (const std::string& name : list_directory(directory)) {
      const std::string path = directory + "/" + name;
      struct stat info {};
      if (lstat(path.c_str(), &info) != 0) throw system_error("Cannot look at " + path, errno);
      line(path, prefix + name, info);
      if (S_ISDIR(info.st_mode)) list(path, prefix + name + "/");
    }
  }

  void line(const std::string& path, const std::string& shown, const struct stat& info) {
    std::array<char, 128> text{};
    std::snprintf(text.data(), text.size(), " %06o %u:%u @%lld x%u", info.st_mode, info.st_uid,
                  info.st_gid, static_cast<long long>(info.st_mtim.tv_sec),
                  static_cast<unsigned>(info.st_nlink));
    out_ += escaped(shown) + text.data();
    const auto [first, is_new] = first_names_.try_emplace(info.st_ino, shown);
    if (!S_ISDIR(info.st_mode) && !is_new) {
      out_ += " = " + escaped(first->second);
    } else if (S_ISREG(info.st_mode)) {
      out_ += " " + std::to_string(info.st_size) + content(path, info);
    } else if (S_ISLNK(info.st_mode)) {
      out_ += " -> " + escaped(read_link(path));
    } else if (S_ISCHR(info.st_mode) || S_ISBLK(info.st_mode)) {
      out_ += " " + std::to_string(major(info.st_rdev)) + "," + std::to_string(minor(info.st_rdev));
    }
    out_ += extended_attributes(path) + "\n";
  }

  const std::string& text() const { return out_; }

 private:
  static std::string content(const std::string& path, const struct stat& info) {
    constexpr off_t kSmall = 40;
    constexpr off_t kHuge = off_t{1} << 30;  // looked at by those who have one
    if (info.st_size > kHuge) return "";
    if (info.st_size > kSmall) return " " + digest_of_file(path).hex();
    return " " + quote(read_file(path));
  }

  std::map<ino_t, std::string> first_names_;
  std::string out_;
};

}  // namespace

std::string reader_name(Reader reader) {
  switch (reader) {
    case Reader::kKernel:
      return "kernel";
    case Reader::kSquashfuse:
      return "squashfuse";
    case Reader::kUnsquashfs:
      return "unsquashfs";
  }
  return "";
}

std::string why_not(Reader reader) {
  switch (reader) {
    case Reader::kKernel:
      if (geteuid() != 0) return "only root mounts";
      return access("/dev/loop-control", W_OK) == 0 ? "" : "there are no loop devices";
    case Reader::kSquashfuse:
      if (!has("squashfuse_ll") || !has("fusermount3")) return "squashfuse_ll is not installed";
      return access("/dev/fuse", R_OK | W_OK) == 0 ? "" : "/dev/fuse cannot be opened";
    case Reader::kUnsquashfs:
      if (!has("unsquashfs")) return "unsquashfs is not installed";
      return geteuid() == 0 ? "" : "only root gives files away";
  }
  return "";
}

void with_tree(Reader reader, const std::string& image, const std::string& place,
               const std::function<void(const std::string&)>& look) {
  std::vector<std::string> leave;
  switch (reader) {
    case Reader::kKernel:
      run({"mount", "-t", "squashfs", "-o", "loop,ro", image, place});
      leave = {"umount", place};
      break;
    case Reader::kSquashfuse:
      run({"squashfuse_ll", image, place});
      leave = {"fusermount3", "-u", place};
      break;
    case Reader::kUnsquashfs:
      run({"unsquashfs", "-no-progress", "-force", "-strict-errors", "-dest", place, image});
      break;
  }
  const auto end = [&] {
    if (!leave.empty()) run(leave);
  };
  try {
    look(place);
  } catch (...) {
    end();
    throw;
  }
  end();
}

std::string full_listing(const std::string& directory) {
  Lister lister;
  struct stat info {};
  if (stat(directory.c_str(), &info) != 0) {
    throw system_error("Cannot look at " + directory, errno);
  }
  lister.line(directory, ".", info);
  lister.list(directory, "");
  return lister.text();
}

}  // namespace cntr::squashfs
