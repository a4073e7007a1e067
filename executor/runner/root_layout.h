// How binds are put on a root that cannot be written: which of its directories have to be rebuilt
// from their entries, because a mount point is missing in them.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runner/file_tree.h"

namespace cntr::runner {

// A root as the step will see it, and the mount points that it needs. Paths are inside, absolute
// and normal.
class RootLayout {
 public:
  // `directory` on the host is the root; `without` names top-level entries that are left out.
  // A `writable` root is never rebuilt: missing mount points are made in it.
  RootLayout(const FileTree& tree, std::string directory, std::set<std::string> without,
             bool writable);

  // A directory that the sandbox itself provides, /src say. What the image has there does not
  // matter, but in a writable root it must be a directory or nothing: else throws a user Error.
  void add_provided(const std::string& path);
  // A directory whose content is to be replaced by nothing, and where it really is; nullopt when it
  // is not seen anyway.
  std::optional<std::string> hide(const std::string& path);
  // Where to mount what shall appear at `path`: `path` with the root's symlinks resolved. Throws a
  // user Error when a file is in the way or the place is one that cannot be mounted at.
  std::string add_mount_point(const std::string& path, bool directory);

  // To be called after all of the above: directories to rebuild, parents first, as a tmpfs with
  // these entries.
  struct Entry {
    std::string path;
    std::string host;    // to be bound; "" for a symlink
    std::string target;  // of a symlink
  };
  struct Rebuilt {
    std::string path;
    std::vector<Entry> entries;
  };
  std::vector<Rebuilt> rebuilt() const;

 private:
  std::string host_path(const std::string& path) const;
  std::optional<FileKind> kind(const std::string& path) const;
  std::string resolved(const std::string& path) const;
  bool is_covered(const std::string& path) const;
  void prepare_mount_point(const std::string& path, const std::string& place, bool directory);

  const FileTree& tree_;
  std::string directory_;
  std::set<std::string> without_;
  bool writable_;
  std::set<std::string> covered_;  // directories whose content comes from elsewhere
  std::set<std::string> rebuilt_;
};

}  // namespace cntr::runner
