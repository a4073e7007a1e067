// What the tools that only look at the graph work with, and how they walk through it.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/tool_options.h"
#include "ninja/graph.h"

namespace cntr::cli {

struct GraphTool {
  const ninja::Graph& graph;
  std::vector<std::string> arguments;  // behind the tool's name
  std::string directory;               // the current one, absolute

  // The nodes of the targets; of the default targets when none is named. Throws a user Error.
  std::function<std::vector<ninja::NodeId>(const std::vector<std::string>& names)> find_targets;
  // Adds what a dyndep file says to the graph; called once a file. Throws an Error.
  std::function<void(ninja::NodeId dyndep_file)> load_dyndep;
  // Standard output and standard error.
  std::function<void(std::string_view text)> out;
  std::function<void(std::string_view text)> err;
};

// Reads the arguments. False when they are wrong or ask for help: the usage was printed, and the
// exit code is 1.
bool read_tool_options(const GraphTool& tool, std::string_view name,
                       const std::vector<ToolOption>& known, std::string_view usage,
                       ParsedToolOptions& options);

// Goes from a node to the inputs of its edge, and on to theirs. enter(node) says whether to go on
// to its inputs; leave(node) is called after them. As deep as it takes, without recursion.
template <class Enter, class Leave>
void walk_inputs(const ninja::Graph& graph, ninja::NodeId start, Enter enter, Leave leave) {
  struct Open {
    ninja::NodeId node;
    std::span<const ninja::NodeId> inputs;
  };
  std::vector<Open> open;
  const auto visit = [&](ninja::NodeId node) {
    if (!enter(node)) return;
    const ninja::EdgeId edge = graph.producer(node);
    open.push_back(
        {node, edge == ninja::kNone ? std::span<const ninja::NodeId>() : graph.all_inputs(edge)});
  };
  visit(start);
  while (!open.empty()) {
    Open& last = open.back();
    if (last.inputs.empty()) {
      const ninja::NodeId node = last.node;
      open.pop_back();
      leave(node);
    } else {
      const ninja::NodeId input = last.inputs.front();
      last.inputs = last.inputs.subspan(1);
      visit(input);
    }
  }
}

}  // namespace cntr::cli
