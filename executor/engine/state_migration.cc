#include "engine/state_migration.h"

#include <algorithm>
#include <unordered_map>

namespace cntr::engine {

using ninja::EdgeId;
using ninja::NodeId;

namespace {

class Migration {
 public:
  Migration(const State& old, State& state)
      : old_(old),
        state_(state),
        nodes_(old.graph.node_count(), ninja::kNone),
        contents_(old.contents.size(), kUnknown) {
    contents_[kMissing] = kMissing;
  }

  void run() {
    for (NodeId node = 0; node < old_.graph.node_count(); ++node) {
      const std::optional<NodeId> now = state_.graph.find(old_.graph.path(node));
      if (now) take_memo(node, *now);
    }
    collect_records();
    for (EdgeId edge = 0; edge < state_.graph.edge_count(); ++edge) take_record(edge);
    retire_the_rest();
    for (const NodeId program : old_.programs) state_.programs.push_back(node(program));
  }

 private:
  ContentId content(ContentId old) {
    if (old == kUnknown) return kUnknown;
    if (contents_[old] == kUnknown) contents_[old] = state_.contents.add(old_.contents.at(old));
    return contents_[old];
  }

  void take_memo(NodeId old, NodeId now) {
    nodes_[old] = now;
    state_.memos[now] = old_.memos[old];
    state_.memos[now].content = content(old_.memos[old].content);
  }

  NodeId node(NodeId old) {
    if (nodes_[old] == ninja::kNone) take_memo(old, state_.node(old_.graph.path(old)));
    return nodes_[old];
  }

  // All old records by the path of their first output, the latest one of each path.
  void collect_records() {
    for (const RetiredRecord& retired : old_.retired) {
      records_[retired.output] = &retired.record;
      order_.push_back(retired.output);
    }
    for (EdgeId edge = 0; edge < old_.graph.edge_count(); ++edge) {
      const EdgeRecord& record = old_.records[edge];
      if (!record.exists() && record.failed_at == 0) continue;
      const NodeId output = old_.graph.outputs(edge).front();
      records_[output] = &record;
      order_.push_back(output);
    }
  }

  void take_record(EdgeId edge) {
    const std::optional<NodeId> output =
        old_.graph.find(state_.graph.path(state_.graph.outputs(edge).front()));
    if (!output) return;
    const auto found = records_.find(*output);
    if (found == records_.end()) return;
    state_.records[edge] = copy(*found->second);
    records_.erase(found);
  }

  void retire_the_rest() {
    const size_t most = std::max<size_t>(10'000, state_.graph.edge_count());
    for (const NodeId output : order_) {
      const auto found = records_.find(output);
      if (found == records_.end()) continue;
      state_.retired.push_back({node(output), 0, copy(*found->second)});
      records_.erase(found);
    }
    std::vector<RetiredRecord>& retired = state_.retired;
    if (retired.size() > most) {
      retired.erase(retired.begin(), retired.end() - static_cast<ptrdiff_t>(most));
    }
  }

  EdgeRecord copy(EdgeRecord record) {
    std::vector<Link> links;
    for (const Link& link : old_.links_of(record)) {
      links.push_back({node(link.node), content(link.content)});
    }
    std::sort(links.begin(), links.begin() + record.inputs,
              [](const Link& a, const Link& b) { return a.node < b.node; });
    record.first_link = static_cast<uint32_t>(state_.links.size());
    state_.links.append(links);
    return record;
  }

  const State& old_;
  State& state_;
  std::vector<NodeId> nodes_;
  std::vector<ContentId> contents_;
  std::unordered_map<NodeId, const EdgeRecord*> records_;
  std::vector<NodeId> order_;
};

}  // namespace

State migrate(const State& old, ninja::Graph graph) {
  State state = State::of(std::move(graph));
  Migration(old, state).run();
  return state;
}

}  // namespace cntr::engine
