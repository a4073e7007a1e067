#include "tree_listing.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <map>

#include "base/digest.h"
#include "base/file_system.h"
#include "base/text.h"

namespace cntr::image {
namespace {

std::string octal(uint32_t mode) {
  char text[16];
  std::snprintf(text, sizeof text, "%o", mode);
  return text;
}

std::string content_of(const std::string& path) {
  constexpr size_t kLarge = 10'000;
  const std::string content = read_file(path);
  return content.size() < kLarge ? quote(content) : digest_of(content).text();
}

void list(const std::string& directory, const std::string& prefix,
          std::map<uint64_t, std::string>& first_names, std::string& out) {
  for (const std::string& name : list_directory(directory)) {
    const std::string path = directory + "/" + name;
    const std::string shown = escaped(prefix + name);
    const FileStat info = *stat_link(path);
    if (info.kind == FileKind::kDirectory) {
      out += shown + "/ " + octal(info.mode) + "\n";
      list(path, prefix + name + "/", first_names, out);
    } else if (info.kind == FileKind::kSymlink) {
      out += shown + " -> " + escaped(read_link(path)) + "\n";
    } else if (info.kind != FileKind::kRegular) {
      out += shown + " ?\n";
    } else if (const auto [first, is_new] = first_names.try_emplace(info.inode, shown); !is_new) {
      out += shown + " = " + first->second + "\n";
    } else {
      out += shown + " " + octal(info.mode) + " " + content_of(path) + "\n";
    }
  }
}

}  // namespace

std::string test_place() {
  const std::string memory = "/dev/shm";
  return access(memory.c_str(), W_OK) == 0 ? memory : testing::TempDir();
}

std::string tree_listing(const std::string& directory) {
  std::map<uint64_t, std::string> first_names;
  std::string out;
  list(directory, "", first_names, out);
  return out;
}

}  // namespace cntr::image
