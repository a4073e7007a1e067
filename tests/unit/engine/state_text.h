// A state as text, so that tests can compare two of them whatever their numbers are.
#pragma once

#include <span>
#include <sstream>
#include <string>

#include "engine/state_file.h"

namespace cntr::engine {

inline std::string content_text(const State& state, ContentId content) {
  return content == kUnknown ? "unknown" : state.contents.at(content).hex();
}

inline std::string identity_text(const Identity& identity) {
  std::ostringstream text;
  text << identity.device << '.' << identity.inode << '.' << identity.size << '.' << identity.mtime
       << '.' << identity.ctime << '.' << identity.mode << '.' << identity.links;
  return text.str();
}

inline std::string record_text(const State& state, const EdgeRecord& record) {
  std::ostringstream text;
  text << record.action.hex() << ' ' << record.inputs << '+' << record.discovered << '('
       << record.tools << ")>" << record.outputs << ' ' << record.duration_ms << "ms "
       << record.began_at << ' ' << record.failed_at;
  for (const Link& link : state.links_of(record)) {
    text << ' ' << state.graph.path(link.node) << '=' << content_text(state, link.content);
  }
  return text.str();
}

inline std::string state_text(const State& state) {
  std::ostringstream text;
  for (ninja::NodeId node = 0; node < state.graph.node_count(); ++node) {
    const FileMemo& memo = state.memos[node];
    text << "node " << state.graph.path(node) << ' ' << identity_text(memo.identity) << ' '
         << content_text(state, memo.content) << ' ' << memo.racy << '\n';
  }
  for (ninja::EdgeId edge = 0; edge < state.graph.edge_count(); ++edge) {
    text << "edge " << edge << ' ' << state.graph.command(edge) << ": "
         << record_text(state, state.records[edge]) << '\n';
  }
  for (const RetiredRecord& retired : state.retired) {
    text << "retired " << state.graph.path(retired.output) << ' '
         << record_text(state, retired.record) << '\n';
  }
  for (const ninja::NodeId program : state.programs) {
    text << "program " << state.graph.path(program) << '\n';
  }
  return text.str();
}

inline std::string saved_text(const SavedState& saved) {
  std::ostringstream text;
  text << state_text(saved.state) << "environment " << saved.environment.hex() << '\n';
  for (const Identity& manifest : saved.manifests) {
    text << "manifest " << identity_text(manifest) << '\n';
  }
  text << (saved.closure ? "closure" : "no closure");
  for (const ninja::NodeId node : saved.closure.value_or(std::vector<ninja::NodeId>())) {
    text << ' ' << node;
  }
  text << "\nclean";
  for (const uint8_t clean : saved.clean) text << ' ' << int{clean};
  return text.str();
}

}  // namespace cntr::engine
