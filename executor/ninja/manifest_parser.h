// Reads a Ninja manifest and everything that it includes (the language of ninja 1.14;
// ninja-build.org/manual.html, and docs/ninja.md for the few differences).
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "ninja/graph.h"

namespace cntr::ninja {

struct ManifestOptions {
  // -w phonycycle=err; else a phony that names itself is mended. Such a graph is for one run: its
  // manifests have no digests, so that nothing takes it for what others would read.
  bool phony_cycle_is_error = false;
  std::function<void(const std::string&)> warn;  // one line, without a prefix
};

// The content of a manifest; nullopt when there is none. Throws an environment Error otherwise.
// The bytes are kept only until parse_manifest() returns.
using ManifestReader = std::function<std::optional<std::string>(const std::string& path)>;

// Throws a user Error whose message is as ninja prints it, three lines:
//   build.ninja:3: unknown build rule 'cat'
//   build a: cat b
//            ^ near here
// (or, without a place, "loading 'build.ninja': No such file or directory").
Graph parse_manifest(const std::string& path, const ManifestReader& read,
                     const ManifestOptions& options = {});

}  // namespace cntr::ninja
