// Dyndep files: what is found out about edges during a build, such as which C++ module a source
// provides and which it needs.
//
//   ninja_dyndep_version = 1
//   build out.o | module.pcm: dyndep | other.pcm
//     restat = 1
//
// Each edge whose `dyndep` names the file stands in it, by any one of its outputs, and no other.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ninja/graph.h"

namespace cntr::ninja {

// What to give to Graph::add_dyndep(); the paths are canonical.
struct DyndepEntry {
  EdgeId edge = kNone;
  std::vector<std::string> implicit_outputs;
  std::vector<std::string> implicit_inputs;
  bool restat = false;
};

// Reads the dyndep file `path` with the content `text`, in the order of its statements. Throws a
// user Error as ninja prints it: with place, source line and caret for what is wrong in the file;
// without for an edge of `users` that it leaves out, and for another edge that it mentions. `users`
// are the edges whose `dyndep` is `dyndep_file`. Thread-safe.
std::vector<DyndepEntry> parse_dyndep(const std::string& path, const std::string& text,
                                      const Graph& graph, NodeId dyndep_file,
                                      std::span<const EdgeId> users);

// The same; finds the users by looking at every edge of the graph.
std::vector<DyndepEntry> parse_dyndep(const std::string& path, const std::string& text,
                                      const Graph& graph, NodeId dyndep_file);

}  // namespace cntr::ninja
