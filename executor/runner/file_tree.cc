#include "runner/file_tree.h"

namespace cntr::runner {
namespace {

class Disk : public FileTree {
 public:
  std::optional<FileKind> kind(const std::string& path) const override {
    const std::optional<FileStat> stat = stat_link(path);
    return stat ? std::optional(stat->kind) : std::nullopt;
  }
  std::string link_target(const std::string& path) const override { return read_link(path); }
  std::vector<std::string> names(const std::string& directory) const override {
    return list_directory(directory);
  }
};

}  // namespace

const FileTree& disk() {
  static const Disk disk;
  return disk;
}

}  // namespace cntr::runner
