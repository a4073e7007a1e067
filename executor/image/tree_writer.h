// Writes the entries of hostile archives below one directory, and nowhere else.
//
// Why nothing outside can be touched: every name is resolved here, component by component, from a
// descriptor of the root, with openat(O_DIRECTORY | O_NOFOLLOW); the kernel never sees a path of
// more than one component that an archive made up. A symbolic link on the way is read and resolved
// as a process would that has the root as its "/": an absolute target starts again at the root,
// and ".." at the root stays there. The last component is never followed.
//
// The directory must be private to this process while it is written. Functions throw a user Error
// for what an archive may not do, an environment Error for what the machine refuses. Messages are
// about the entry, without naming it.
#pragma once

#include <ctime>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/unpack_budget.h"
#include "base/file_system.h"
#include "image/tree_modes.h"

namespace cntr::image {

using archive::UnpackBudget;

// The components of an entry's name; leading, doubled and final slashes and "." do not count, so
// the root itself has none. Throws a user Error for ".." and for names that are too long
// or too deep; `what` begins its message.
std::vector<std::string> entry_components(std::string_view name,
                                          const std::string& what = "its name");

struct OpenDirectory {
  UniqueFd fd;
  std::string path;  // below the root, without symbolic links; "" for the root itself
};

// Where an entry is or goes: a name in an open directory.
struct Place {
  std::shared_ptr<const OpenDirectory> parent;
  std::string name;

  std::string path() const { return parent->path.empty() ? name : parent->path + "/" + name; }
  bool operator==(const Place& other) const { return path() == other.path(); }
};

class TreeWriter {
 public:
  // `root` is an absolute path of an existing directory. `budget` must outlive the object.
  TreeWriter(std::string root, TreeModes modes, UnpackBudget& budget);

  const std::string& root() const { return root_; }

  // Where the entry goes; missing parents are made (mode 0755). `components` is not empty.
  Place place(const std::vector<std::string>& components);
  // The same, but nullopt when a parent is missing or is no directory.
  std::optional<Place> find(const std::vector<std::string>& components);

  // Not followed. nullopt when nothing is there.
  std::optional<FileKind> kind_at(const Place& place) const;

  // Each replaces what is there; only a directory that meets a directory stays, with new
  // permissions and time.
  void put_directory(const Place& place, mode_t mode, const timespec& mtime);
  void put_symlink(const Place& place, const std::string& target, const timespec& mtime);
  // A second name for the file or link at `target`, which must not be a directory.
  void put_hard_link(const Place& place, const Place& target);
  // A new empty file, open for writing; close_file sets its size, permissions and time.
  UniqueFd put_file(const Place& place);
  void close_file(const UniqueFd& fd, const Place& place, uint64_t size, mode_t mode,
                  const timespec& mtime);
  void set_root(mode_t mode, const timespec& mtime);

  // Removes the file or the whole directory, if any.
  void remove(const Place& place);
  // Removes what is in a directory, as `keep` says (path below the root). A kept directory's
  // entries are asked for as well.
  void remove_entries(const std::string& directory,
                      const std::function<bool(const std::string& path)>& keep);

  // Gives the directories their times, which writing into them has changed.
  void finish();

 private:
  using Directory = std::shared_ptr<const OpenDirectory>;

  Directory resolve(const std::vector<std::string>& components, bool make_missing);
  Directory open_child(const Directory& parent, const std::string& name, bool make_missing,
                       std::optional<std::string>& link_target);
  void remove_at(const std::string& path);
  Directory make_child(const Directory& parent, const std::string& name);
  std::string host_path(const std::string& path) const;

  std::string root_;
  TreeModes modes_;
  UnpackBudget& budget_;
  Directory root_directory_;
  // The last parent that was resolved: archives list a directory's entries one after another. It
  // holds until something is removed, because only that changes where a name leads.
  std::vector<std::string> last_components_;
  Directory last_directory_;
  std::map<std::string, timespec> directory_times_;  // of directories that are there
};

}  // namespace cntr::image
