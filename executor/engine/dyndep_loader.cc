#include "engine/dyndep_loader.h"

#include <unordered_set>

#include "base/error.h"
#include "ninja/dyndep.h"

namespace cntr::engine {

using ninja::EdgeId;
using ninja::NodeId;

LoadedDyndep load_dyndep(State& state, const Disk& disk, NodeId file) {
  const std::string path(state.graph.path(file));
  const std::optional<std::string> text = disk.read(path);
  if (!text) throw user_error("loading '" + path + "': No such file or directory");
  LoadedDyndep loaded;
  for (const ninja::DyndepEntry& entry : ninja::parse_dyndep(path, *text, state.graph, file)) {
    std::vector<NodeId> outputs;
    std::vector<NodeId> inputs;
    for (const std::string& output : entry.implicit_outputs) outputs.push_back(state.node(output));
    for (const std::string& input : entry.implicit_inputs) inputs.push_back(state.node(input));
    loaded.added_outputs |= !outputs.empty();
    state.graph.add_dyndep(entry.edge, std::move(outputs), std::move(inputs), entry.restat);
    loaded.edges.push_back(entry.edge);
  }
  return loaded;
}

void load_readable_dyndeps(State& state, const Disk& disk) {
  std::unordered_set<NodeId> seen;
  for (EdgeId edge = 0; edge < state.graph.edge_count(); ++edge) {
    const NodeId file = state.graph.edge(edge).dyndep;
    if (file == ninja::kNone || !seen.insert(file).second) continue;
    try {
      load_dyndep(state, disk, file);
    } catch (const Error&) {
      continue;  // the build says what is wrong with it
    }
  }
}

}  // namespace cntr::engine
