// Host paths and the paths that a step sees for them (docs/sandbox.md):
//   binary_dir -> /build, source_dir -> /src, named mount n -> /mnt/n.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spec/spec.h"

namespace cntr::build {

inline constexpr std::string_view kSourceRoot = "/src";
inline constexpr std::string_view kBuildRoot = "/build";
inline constexpr std::string_view kMountRoot = "/mnt";

// Immutable after construction.
class PathMap {
 public:
  struct Root {
    std::string from;
    std::string to;
  };
  explicit PathMap(std::vector<Root> roots);

  // The other path for a path below one of the roots; nullopt when it is below none. The longest
  // root wins.
  std::optional<std::string> find(const std::string& path) const;

  // Every path below a root that stands in `text` (an argument, a variable's value), also behind a
  // prefix as in -I<path> or key=<path>, replaced by the other path.
  std::string rewrite(std::string_view text) const;

 private:
  std::vector<Root> roots_;  // longest `from` first
};

// From host paths to paths inside.
PathMap sandbox_paths(const spec::Step& step);

}  // namespace cntr::build
