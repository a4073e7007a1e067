#include "engine/decider.h"

#include <algorithm>

namespace cntr::engine {

using ninja::EdgeId;
using ninja::NodeId;
using Kind = Reason::Kind;

namespace {

// "lib/libz.so", "libz.so.1.2"
bool is_shared_library(std::string_view path) {
  constexpr std::string_view kSuffix = ".so";
  const size_t at = path.rfind(kSuffix);
  if (at == std::string_view::npos) return false;
  const std::string_view version = path.substr(at + kSuffix.size());
  return version.empty() || (version.size() > 1 && version.front() == '.' &&
                             version.find_first_not_of(".0123456789") == std::string_view::npos);
}

}  // namespace

Digest Decider::action(EdgeId edge, const Digest& environment) const {
  const Digest& command = state_.graph.command_digest(edge);
  if (environment == Digest()) return command;
  return digest_of(command.hex() + environment.hex());
}

Reason Decider::changed_action(EdgeId edge) const {
  const Digest& then = state_.records[edge].action;
  if (then == action(edge, environment_before_)) return {Kind::kVariables, ninja::kNone};
  const bool none_named = environment_ == Digest() && environment_before_ == Digest();
  return {none_named ? Kind::kAction : Kind::kActionUnsure, ninja::kNone};
}

std::vector<NodeId> Decider::outputs(EdgeId edge) const {
  const auto declared = state_.graph.outputs(edge);
  const auto added = state_.graph.dyndep_outputs(edge);
  std::vector<NodeId> all(declared.begin(), declared.end());
  all.insert(all.end(), added.begin(), added.end());
  return all;
}

bool Decider::is_always_new(NodeId node) {
  const EdgeId edge = state_.graph.producer(node);
  return edge != ninja::kNone && state_.graph.has(edge, ninja::kPhony) &&
         state_.graph.all_inputs(edge).empty() && state_.graph.validations(edge).empty() &&
         !files_.identity(node).exists();
}

// What a phony edge stands for. A phony cycle is found when the build is planned; here it ends.
const Decider::Nodes& Decider::alias(EdgeId phony) {
  const auto [known, is_new] = aliases_.try_emplace(phony);
  if (!is_new) return known->second;
  Nodes nodes;
  for (const NodeId input : state_.graph.dependencies(phony)) append_input(input, nodes);
  std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  return aliases_[phony] = std::move(nodes);
}

const Decider::Nodes& Decider::loaded_with(NodeId node) {
  static const Nodes kNothing;
  const EdgeId edge = state_.graph.producer(node);
  if (edge == ninja::kNone) return kNothing;
  // Known to load nothing while it is looked at: a cycle is found when the build is planned.
  const auto [known, is_new] = loaded_.try_emplace(edge);
  if (!is_new) return known->second;
  Nodes nodes;
  const auto add = [&](std::span<const NodeId> inputs) {
    for (const NodeId input : inputs) {
      if (!is_shared_library(state_.graph.path(input))) continue;
      nodes.push_back(input);
      const Nodes& further = loaded_with(input);
      nodes.insert(nodes.end(), further.begin(), further.end());
    }
  };
  add(state_.graph.dependencies(edge));
  add(state_.graph.dyndep_inputs(edge));
  std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  return loaded_[edge] = std::move(nodes);
}

void Decider::append_input(NodeId node, Nodes& to) {
  const EdgeId edge = state_.graph.producer(node);
  if (edge == ninja::kNone || !state_.graph.has(edge, ninja::kPhony)) {
    to.push_back(node);
    const Nodes& libraries = loaded_with(node);
    to.insert(to.end(), libraries.begin(), libraries.end());
    return;
  }
  const Nodes& nodes = alias(edge);
  to.insert(to.end(), nodes.begin(), nodes.end());
  const bool without_inputs =
      state_.graph.all_inputs(edge).empty() && state_.graph.validations(edge).empty();
  // A directory that happens to have an alias's name is not what the alias means.
  if (without_inputs || files_.identity(node).is_regular()) to.push_back(node);
}

std::vector<NodeId> Decider::inputs(EdgeId edge) {
  Nodes nodes;
  for (const NodeId input : state_.graph.dependencies(edge)) append_input(input, nodes);
  for (const NodeId input : state_.graph.dyndep_inputs(edge)) append_input(input, nodes);
  std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  return nodes;
}

void Decider::compare_inputs(EdgeId edge, const EdgeRecord& record, bool all,
                             std::vector<Reason>& found) {
  const Nodes now = inputs(edge);
  const std::span<const Link> then = state_.inputs_of(record);
  size_t i = 0;
  for (const NodeId node : now) {
    for (; i < then.size() && then[i].node < node; ++i) {
      found.push_back({Kind::kInputRemoved, then[i].node});
    }
    if (i < then.size() && then[i].node == node) {
      if (!state_.contents.equal(then[i].content, files_.content(node))) {
        const Kind changed =
            files_.content(node) == kMissing ? Kind::kInputMissing : Kind::kInputChanged;
        found.push_back({is_always_new(node) ? Kind::kAlwaysNew : changed, node});
      }
      ++i;
    } else {
      found.push_back({Kind::kInputAdded, node});
    }
    if (!found.empty() && !all) return;
  }
  for (; i < then.size(); ++i) found.push_back({Kind::kInputRemoved, then[i].node});

  const std::span<const Link> discovered = state_.discovered_of(record);
  for (size_t d = 0; d < discovered.size(); ++d) {
    const Link& link = discovered[d];
    if (!found.empty() && !all) return;
    const bool is_tool = d >= discovered.size() - record.tools;
    if (is_tool && moved_programs_.contains(link.node)) {
      found.push_back({Kind::kProgram, link.node});
    } else if (!state_.contents.equal(link.content, files_.content(link.node))) {
      const Kind kind = is_tool                                 ? Kind::kProgram
                        : files_.content(link.node) == kMissing ? Kind::kInputMissing
                                                                : Kind::kInputChanged;
      found.push_back({kind, link.node});
    }
  }
}

std::vector<Reason> Decider::generator_reasons(EdgeId edge) {
  const EdgeRecord& record = state_.records[edge];
  int64_t oldest = INT64_MAX;
  for (const NodeId output : outputs(edge)) {
    const Identity& identity = files_.identity(output);
    if (!identity.exists()) return {{Kind::kOutputMissing, output}};
    oldest = std::min(oldest, identity.mtime);
  }
  // A command with `restat` may leave an output older than what it read.
  if (record.exists() && state_.graph.restat(edge)) oldest = std::max(oldest, record.began_at);
  if (record.failed_at > oldest) return {{Kind::kFailedLast, ninja::kNone}};
  Nodes read = inputs(edge);
  const std::span<const Link> discovered = state_.discovered_of(record);
  for (const Link& link : discovered.first(discovered.size() - record.tools)) {
    read.push_back(link.node);
  }
  for (const NodeId node : read) {
    if (is_always_new(node)) return {{Kind::kAlwaysNew, node}};
    if (files_.identity(node).mtime > oldest) return {{Kind::kOlder, node}};
  }
  return {};
}

// What was touched after a precompiled header was made of it. Only the change time says so: any
// modification time can be set.
void Decider::compare_times(EdgeId edge, const EdgeRecord& record, std::vector<Reason>& found) {
  int64_t made = record.began_at;
  if (made == 0) made = files_.identity(state_.graph.outputs(edge).front()).mtime;
  const std::span<const Link> links = state_.links_of(record);
  for (const Link& link : links.first(record.inputs + record.discovered - record.tools)) {
    if (files_.identity(link.node).ctime > made) found.push_back({Kind::kTouched, link.node});
  }
}

std::vector<Reason> Decider::reasons(EdgeId edge, bool all) {
  if (state_.graph.has(edge, ninja::kGenerator)) return generator_reasons(edge);
  const EdgeRecord& record = state_.records[edge];
  std::vector<Reason> found;
  const Nodes made = outputs(edge);
  for (const NodeId output : made) {
    if (!files_.identity(output).exists()) {
      found.push_back({Kind::kOutputMissing, output});
      if (!all) return found;
    }
  }
  if (!record.exists()) {
    found.push_back({record.failed_at == 0 ? Kind::kNoRecord : Kind::kFailedLast, ninja::kNone});
    return found;
  }
  if (record.action != action(edge)) {
    found.push_back(changed_action(edge));
    if (!all) return found;
  }
  compare_inputs(edge, record, all, found);
  if (!found.empty() && !all) return found;

  const std::span<const Link> wrote = state_.outputs_of(record);
  for (size_t i = 0; i < made.size(); ++i) {
    const NodeId output = made[i];
    if (!files_.identity(output).exists()) continue;
    const auto link = std::find_if(wrote.begin(), wrote.end(),
                                   [output](const Link& a) { return a.node == output; });
    if (link == wrote.end()) {
      found.push_back({Kind::kNoRecord, output});
    } else if (!state_.contents.equal(link->content, files_.content(output))) {
      found.push_back({Kind::kOutputChanged, output});
    }
    if (!found.empty() && !all) return found;
  }
  if (found.empty() && state_.graph.has(edge, ninja::kPrecompiles)) {
    compare_times(edge, record, found);
  }
  return found;
}

std::string Decider::text(const Reason& reason) const {
  const std::string path(reason.node == ninja::kNone ? std::string_view()
                                                     : state_.graph.path(reason.node));
  switch (reason.kind) {
    case Kind::kNoRecord:
      return path.empty() ? "no earlier run is known" : "output " + path + ": not known to be made";
    case Kind::kAction:
      return "command: changed";
    case Kind::kVariables:
      return "named variables: changed";
    case Kind::kActionUnsure:
      return "command or named variables: changed";
    case Kind::kOutputMissing:
      return "output " + path + ": missing";
    case Kind::kOutputChanged:
      return "output " + path + ": changed since it was made";
    case Kind::kInputChanged:
      return "input " + path + ": content changed";
    case Kind::kInputMissing:
      return "input " + path + ": gone";
    case Kind::kInputAdded:
      return "input " + path + ": added";
    case Kind::kInputRemoved:
      return "input " + path + ": removed";
    case Kind::kAlwaysNew:
      return "input " + path + ": a phony without inputs, always new";
    case Kind::kProgram:
      return "program " + path +
             (moved_programs_.contains(reason.node) ? ": PATH leads to another" : ": changed");
    case Kind::kOlder:
      return "generator: older than " + path;
    case Kind::kTouched:
      return "input " + path + ": touched since it was precompiled";
    case Kind::kFailedLast:
      return "the last run failed, or an input changed while it ran";
  }
  return "";
}

}  // namespace cntr::engine
