// Would an ordinary edge of a tree that cntr-ninja has built run, and why: what `cntr-ninja -n -d
// explain` would say, of one file and of what is made before it.
#pragma once

#include <optional>
#include <string>

#include "report/explain.h"

namespace cntr::cli {

// The build directory in or above `start` that cntr-ninja has built; nullopt when there is none.
std::optional<std::string> find_ninja_directory(const std::string& start);

// Changes the current directory to `directory`; reads the state there and writes nothing. `name`: a
// file that an edge makes or an alias, relative to `base` or to the directory. nullopt when the
// manifest has no such name. Throws a user Error for a source file, and what
// engine::BuildSession throws.
std::optional<report::Explanation> explain_edge(const std::string& directory,
                                                const std::string& name, const std::string& base);

}  // namespace cntr::cli
