// The programs that a command starts: part of what its result depends on, as a compiler that is
// upgraded must compile again.
//
// Found by reading the command as far as it is simple: the first word of each part between "&&",
// "||", ";" and "|", past assignments, and, behind a program that only starts another one (env,
// ccache, distcc, sccache, nice, time, cmake -E env), the next one as well. What shell syntax hides
// is not found. A name without a directory is looked up in PATH.
//
// Not thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/file_system.h"

namespace cntr::engine {

struct Program {
  std::string path;        // of the file; canonical, and relative below the current directory
  bool by_search = false;  // the command named it without a directory
};

class Programs {
 public:
  explicit Programs(std::string search_path)
      : search_path_(std::move(search_path)), directory_(current_directory()) {}

  // In the order of the command, each once.
  std::vector<Program> of(const std::string& command);
  // Where PATH leads to now for the name of this program; nullopt when to nothing.
  std::optional<std::string> find(const std::string& name);

 private:
  std::string search_path_;
  std::string directory_;  // where commands run
  std::unordered_map<std::string, std::optional<std::string>> found_;
};

// The names or paths of these programs, as the command writes them, but a relative path behind
// "cd directory" with the directory.
std::vector<std::string> program_words(std::string_view command);

}  // namespace cntr::engine
