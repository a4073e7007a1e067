// The tree of an environment, to which packages are added one after another, with conda's rules for
// paths that two of them have: the later one wins, with a warning.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/warning.h"
#include "env/package_pack.h"
#include "squashfs/tree.h"

namespace cntr::env {

// Not thread-safe.
class PrefixTree {
 public:
  // The time of what no package gives one: 1980, the first year that every archive can hold.
  static constexpr int64_t kTime = 315532800;

  PrefixTree();

  // Who adds paths from now on, and the place of its contents in the list of packs. `name` is for
  // messages.
  void begin_package(std::string name, uint32_t pack);

  // Adds a path, and the directories above it where they are missing. A path leads through symbolic
  // links of other packages that stay in the environment, as it would on a disk.
  //
  // Throws a user Error that names package and path where a link on the way leads out of the
  // environment or nowhere, and for a relative link whose target lies outside.
  void add(const std::string& path, const LinkedFile& file);
  // A file that Cntr makes: mode 0644 or 0755, kTime.
  void add_file(const std::string& path, squashfs::FileIndex content, bool executable);

  // Removes what is at a path that leads through no link, with all below it. False when nothing is.
  bool erase(const std::string& path);
  // Whose all files are from now on; at first root's.
  void set_owner(uint32_t uid, uint32_t gid);

  // Warns of what was replaced and of links that lead out, in a few sentences.
  void warn_of_surprises(const WarningSink& warn) const;

  // Whether the path, which leads through no link, is a file with this content.
  bool has_content(const std::string& path, squashfs::FileContent content) const;
  const squashfs::Tree& tree() const { return tree_; }

 private:
  // Where a path leads: a directory of the tree, and a name in it.
  struct Place {
    squashfs::NodeId directory = squashfs::Tree::kRoot;
    std::string name;
  };
  struct Replaced {
    uint64_t count = 0;
    std::string first;  // path
  };

  std::optional<squashfs::EntryId> find(const std::string& path) const;
  Place resolve(const std::string& path);
  squashfs::NodeId directory_of(const std::string& path, std::string_view above);
  squashfs::NodeId step(squashfs::NodeId directory, const std::string& name,
                        std::vector<std::string>& rest, int& links);
  squashfs::NodeId make_directory(squashfs::NodeId parent, const std::string& name);
  uint32_t this_package() const { return static_cast<uint32_t>(packages_.size() - 1); }
  void name(squashfs::NodeId directory, const std::string& name, squashfs::NodeId node);
  void put(const Place& place, squashfs::NodeId node, const std::string& path);
  void take_out(squashfs::EntryId entry);
  void remove(squashfs::EntryId entry, const std::string& path);
  void check_target(const Place& place, const std::string& target, const std::string& path);
  bool is_same(squashfs::NodeId one, squashfs::NodeId other) const;
  Error error(const std::string& path, const std::string& what) const;

  squashfs::Tree tree_;
  std::vector<std::string> packages_;  // by the number that owners_ holds
  std::vector<uint32_t> owners_;       // of each entry of the tree
  uint32_t pack_ = 0;
  std::string last_path_;  // of a directory, as far as last_directory_ is one
  squashfs::NodeId last_directory_ = squashfs::kNone;
  std::map<std::pair<uint32_t, uint32_t>, Replaced> replaced_;  // by winner and loser
  std::map<uint32_t, Replaced> outside_;                        // links, by package
};

}  // namespace cntr::env
