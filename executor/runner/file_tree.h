// What a planner may ask about the directories of a root: an interface, so that planning stays a
// pure function of its arguments.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/file_system.h"

namespace cntr::runner {

class FileTree {
 public:
  virtual ~FileTree() = default;
  // Of the file itself, not of what a symlink names; nullopt when nothing is there.
  virtual std::optional<FileKind> kind(const std::string& path) const = 0;
  virtual std::string link_target(const std::string& path) const = 0;
  // In byte order.
  virtual std::vector<std::string> names(const std::string& directory) const = 0;
};

// The file system of this machine. Thread-safe.
const FileTree& disk();

}  // namespace cntr::runner
