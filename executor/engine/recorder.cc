#include "engine/recorder.h"

#include <unistd.h>

#include <algorithm>
#include <unordered_set>

#include "base/file_system.h"
#include "ninja/canonical_path.h"

namespace cntr::engine {

using ninja::EdgeId;
using ninja::NodeId;

namespace {

constexpr int64_t kSecond = 1'000'000'000;

// A hard link that is made to a file or removed changes its ctime, and nothing in it.
bool is_relinked(const Identity& before, const Identity& now) {
  Identity linked = before;
  linked.ctime = now.ctime;
  linked.links = now.links;
  return now == linked && !(now == before);
}

}  // namespace

Recorder::Recorder(State& state, FileTable& files, Decider& decider, Disk& disk, Programs& programs)
    : state_(state),
      files_(files),
      decider_(decider),
      disk_(disk),
      programs_(programs),
      here_(current_directory() + "/") {}

Begun Recorder::begin(EdgeId edge) {
  Begun begun;
  begun.time = disk_.file_time();
  for (const NodeId output : decider_.outputs(edge)) {
    files_.identity(output);
    begun.outputs.emplace_back(output, state_.memos[output]);
  }
  // An earlier command may have made a program under another name than the command has for it.
  begun.programs = programs_of(edge);
  for (const NodeId program : begun.programs) files_.look_again(program);
  return begun;
}

// The content that the command saw; nullopt when that is not sure.
std::optional<ContentId> Recorder::read_input(NodeId node, const Begun& begun) {
  if (decider_.is_always_new(node)) {
    const std::string unique = std::to_string(disk_.file_time()) + "." +
                               std::to_string(::getpid()) + "." + std::to_string(++runs_);
    return state_.contents.add(digest_of("always new " + unique));
  }
  const std::string path(state_.graph.path(node));
  const bool seen_before_the_run = files_.was_looked_at(node);
  const Identity before = files_.identity(node);
  const Identity now = seen_before_the_run ? disk_.identity(path.c_str()) : before;
  const ContentId known = state_.memos[node].content;
  // As many links as before may be one less and one more; then the bytes have to tell.
  const bool relinked = seen_before_the_run && is_relinked(before, now) &&
                        (now.links != before.links || known != kUnknown);
  const bool same = seen_before_the_run && (now == before || relinked);
  // Without an earlier look, or after a change, only the time tells whether the command saw this
  // file. Where times are whole seconds, two files of one second look the same.
  const bool coarse = now.ctime % kSecond == 0 && now.mtime % kSecond == 0;
  const int64_t certain = begun.time - (coarse ? kRacyNanoseconds : 0);
  const bool older = now.ctime < certain;
  if (now.exists() && !older && (!same || coarse)) return std::nullopt;
  if (seen_before_the_run && !(now == before)) {
    if (!now.exists()) return std::nullopt;
    files_.look_again(node);
  }
  if (state_.memos[node].content != kUnknown) return state_.memos[node].content;
  const ContentId content = files_.content(node);
  // Read after the look: that it is still the same file makes the two belong together.
  if (!(disk_.identity(path.c_str()) == now)) return std::nullopt;
  if (relinked && !older && known != kUnknown && !state_.contents.equal(known, content)) {
    return std::nullopt;
  }
  return content;
}

// What the build makes may have its whole path in the manifest and a path below the build directory
// in a command or a depfile, or the other way round.
NodeId Recorder::node_of(std::string path) {
  ninja::canonicalize(path);
  const std::string other = path.starts_with(here_) ? path.substr(here_.size())
                            : path.starts_with('/') ? path
                                                    : here_ + path;
  for (const std::string_view name : {std::string_view(path), std::string_view(other)}) {
    const std::optional<NodeId> node = state_.graph.find(name);
    if (node && state_.graph.producer(*node) != ninja::kNone) return *node;
  }
  return state_.node(path);
}

Recorder::Nodes Recorder::programs_of(EdgeId edge) {
  Nodes nodes;
  for (const Program& program : programs_.of(state_.graph.command(edge))) {
    const NodeId node = node_of(program.path);
    nodes.push_back(node);
    for (const NodeId library : decider_.loaded_with(node)) nodes.push_back(library);
    std::vector<NodeId>& searched = state_.programs;
    if (program.by_search && std::find(searched.begin(), searched.end(), node) == searched.end()) {
      searched.push_back(node);
    }
  }
  return nodes;
}

Digest Recorder::signature_of(EdgeId edge, std::span<const Link> read) const {
  std::string text = decider_.action(edge).hex() + "\n";
  for (const Link& link : read) {
    text += state_.contents.at(link.content).hex();
    text += ' ';
    text += state_.graph.path(link.node);
    text += '\n';
  }
  return digest_of(text);
}

// Another one each time.
Digest Recorder::digest_of_run(const Begun& begun, const Digest& signature) {
  return digest_of("run " + std::to_string(begun.time) + "." + std::to_string(++runs_) + " " +
                   signature.hex());
}

void Recorder::finish_outputs(EdgeId edge, const Begun& begun, const Digest& signature) {
  const bool restat = state_.graph.restat(edge);
  const Digest of_action = digest_of("stamp " + signature.hex());
  for (const auto& [output, before] : begun.outputs) {
    files_.look_again(output);
    if (!files_.is_stamp(output)) continue;
    const Identity& now = files_.identity(output);
    const bool untouched =
        now.exists() == before.identity.exists() && now.mtime == before.identity.mtime;
    const bool is_known = before.content != kUnknown;
    // restat = 1: a command that leaves its stamp alone says that nothing has changed.
    if (restat && untouched && is_known) {
      files_.set_stamp(output, before.content);
      continue;
    }
    // And one that touches it, though all that it read is as it was, says that something has.
    const bool touched_again = restat && is_known && before.identity.is_regular() &&
                               state_.contents.at(before.content) == of_action;
    // An output that is never written says nothing of what else the command did.
    const bool is_new = !now.exists() || touched_again;
    files_.set_stamp(output,
                     state_.contents.add(is_new ? digest_of_run(begun, signature) : of_action));
  }
}

void Recorder::write_record(EdgeId edge, const std::vector<Link>& read, size_t inputs,
                            size_t programs, uint32_t duration_ms) {
  EdgeRecord record;
  record.action = decider_.action(edge);
  record.inputs = static_cast<uint32_t>(inputs);
  record.discovered = static_cast<uint32_t>(read.size() - inputs);
  record.tools = static_cast<uint32_t>(programs);
  record.duration_ms = duration_ms;
  std::vector<Link> links = read;
  for (const NodeId output : decider_.outputs(edge)) {
    links.push_back({output, files_.content(output)});
    ++record.outputs;
  }
  record.first_link = static_cast<uint32_t>(state_.links.size());
  state_.links.append(links);
  state_.records[edge] = record;
}

bool Recorder::finish(EdgeId edge, const Begun& begun, std::span<const std::string> discovered,
                      uint32_t duration_ms, std::string* why) {
  const Nodes inputs = decider_.inputs(edge);
  Nodes nodes = inputs;
  std::unordered_set<NodeId> known(inputs.begin(), inputs.end());
  const Nodes outputs = decider_.outputs(edge);
  known.insert(outputs.begin(), outputs.end());
  for (const std::string& path : discovered) {
    const NodeId node = node_of(path);
    if (known.insert(node).second) nodes.push_back(node);
  }
  size_t programs = 0;
  for (const NodeId node : begun.programs) {
    if (!known.insert(node).second) continue;
    nodes.push_back(node);
    ++programs;
  }

  std::vector<Link> read;
  NodeId moved = ninja::kNone;
  for (const NodeId node : nodes) {
    const std::optional<ContentId> content = read_input(node, begun);
    if (!content && moved == ninja::kNone) moved = node;
    read.push_back({node, content.value_or(kMissing)});
  }
  finish_outputs(edge, begun, signature_of(edge, read));
  if (moved == ninja::kNone || state_.graph.has(edge, ninja::kGenerator)) {
    write_record(edge, read, inputs.size(), programs, duration_ms);
    state_.records[edge].began_at = begun.time;
    return true;
  }
  state_.records[edge] = {};
  state_.records[edge].failed_at = disk_.file_time();
  if (why != nullptr) *why = std::string(state_.graph.path(moved));
  return false;
}

void Recorder::forget(EdgeId edge, const Begun& begun) {
  for (const auto& [output, before] : begun.outputs) files_.look_again(output);
  state_.records[edge] = {};
  state_.records[edge].failed_at = disk_.file_time();
}

void Recorder::adopt(EdgeId edge, std::span<const std::string> discovered, uint32_t duration_ms) {
  const Nodes inputs = decider_.inputs(edge);
  Nodes nodes = inputs;
  std::unordered_set<NodeId> known(inputs.begin(), inputs.end());
  for (const std::string& path : discovered) {
    const NodeId node = node_of(path);
    if (known.insert(node).second) nodes.push_back(node);
  }
  size_t programs = 0;
  for (const NodeId node : programs_of(edge)) {
    if (!known.insert(node).second) continue;
    nodes.push_back(node);
    ++programs;
  }
  std::vector<Link> read;
  for (const NodeId node : nodes) read.push_back({node, files_.content(node)});
  const Digest signature = signature_of(edge, read);
  for (const NodeId output : decider_.outputs(edge)) {
    if (files_.is_stamp(output)) {
      files_.set_stamp(output, state_.contents.add(digest_of("stamp " + signature.hex())));
    }
  }
  write_record(edge, read, inputs.size(), programs, duration_ms);
}

}  // namespace cntr::engine
