// Applies archives to a directory: the layers of an OCI image, one after another, or the one tar
// archive of a root file system.
#pragma once

#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "archive/tar_reader.h"
#include "archive/unpack_budget.h"
#include "base/digest.h"
#include "image/tree_writer.h"

namespace cntr::image {

using archive::Hashed;
using archive::TarEntry;
using archive::TarKind;
using archive::TarReader;
using archive::UnpackLimits;

// Whether names that begin with ".wh." are whiteouts (image-spec v1.1, layer.md) or just names.
enum class Whiteouts { kApply, kNone };

class Unpacker {
 public:
  // `root` is an existing empty directory, private to this process.
  Unpacker(const std::string& root, TreeModes modes, Whiteouts whiteouts,
           const UnpackLimits& limits = {});
  Unpacker(const Unpacker&) = delete;
  Unpacker& operator=(const Unpacker&) = delete;

  struct Result {
    Digest digest;  // of the bytes that `hashed` names
    uint64_t entries = 0;
    bool has_end_mark = false;
  };

  // Unpacks the archive over what is there. `name` is the archive's name in messages. Throws a user
  // Error that names archive and entry, an environment Error when the directory cannot be written;
  // the directory is of no use then.
  Result apply(int fd, const std::string& name, Hashed hashed);

  // After the last archive: sets the directories' times.
  void finish() { writer_.finish(); }

 private:
  void apply_entry(TarReader& reader, const TarEntry& entry);
  // True when the name was a whiteout or is to be left out.
  bool apply_whiteout(const std::vector<std::string>& components);
  void hide(const Place& place);
  void put(TarReader& reader, const TarEntry& entry, const Place& place);
  void put_file(TarReader& reader, const TarEntry& entry, const Place& place);
  void put_hard_link(const TarEntry& entry, const Place& place);
  void skip(const Place& place);
  void touch(const std::string& path);

  UnpackBudget budget_;
  TreeWriter writer_;
  Whiteouts whiteouts_;
  // What this layer made, with all directories above: whiteouts do not hide it.
  std::unordered_set<std::string> touched_;
  // Devices and fifos that were left out: hard links to them are left out as well.
  std::set<std::string> skipped_;
};

}  // namespace cntr::image
