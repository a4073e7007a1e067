// Directories that are not there.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "runner/file_tree.h"

namespace cntr::runner {

class FakeTree : public FileTree {
 public:
  void add_directory(const std::string& path) { files_[path] = {FileKind::kDirectory, ""}; }
  void add_file(const std::string& path) { files_[path] = {FileKind::kRegular, ""}; }
  void add_link(const std::string& path, const std::string& target) {
    files_[path] = {FileKind::kSymlink, target};
  }
  void remove(const std::string& path) { files_.erase(path); }

  std::optional<FileKind> kind(const std::string& path) const override {
    const auto found = files_.find(path);
    return found == files_.end() ? std::nullopt : std::optional(found->second.kind);
  }
  std::string link_target(const std::string& path) const override { return files_.at(path).target; }
  std::vector<std::string> names(const std::string& directory) const override {
    std::vector<std::string> names;
    for (const auto& [path, file] : files_) {
      if (path != "/" && parent_path(path) == directory) names.push_back(base_name(path));
    }
    return names;
  }

 private:
  struct File {
    FileKind kind = FileKind::kOther;
    std::string target;
  };
  std::map<std::string, File> files_;
};

}  // namespace cntr::runner
