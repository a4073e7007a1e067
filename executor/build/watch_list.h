// How Ninja and Make, which know only modification times, learn of every change.
//
// A step that has a result leaves <cntr>/state/<name>.watch: the files that it read and made, as
// the file system showed them, and the variables that were passed on. `cntr check`, one quick
// process at the beginning of a build, compares them with what is there now and makes
// <cntr>/state/<name>.stamp newer where anything differs, be it only a change time (an older
// modification time, a flipped executable bit, an output edited by hand). The step's edge depends
// on its stamp; whether the step then runs is decided by content.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"

namespace cntr::build {

// One path and what it was. A link is watched itself when it is part of a tree, else what it leads
// to.
struct Watched {
  std::string path;
  bool follow = true;
  std::optional<FileStat> stat;  // nullopt: nothing was there
};

Watched watch(const std::string& path, bool follow = true);
// The directory itself and all that is in it.
std::vector<Watched> watch_tree(const std::string& path);

// One line a path, and one for each environment variable, whose value is written as its digest.
std::string watch_list_text(const std::vector<Watched>& watched,
                            const std::vector<std::string>& variables);
// Whether everything in such a text is as it was. Text that is not a watch list says no.
bool is_as_watched(std::string_view text);

// Checks every step of the index in `cntr_directory`. Returns how many stamps it made newer. Throws
// a user Error without an index, an environment Error when a stamp cannot be written.
size_t check_steps(const std::string& cntr_directory);

}  // namespace cntr::build
