#include "engine/build_session.h"

#include <stdlib.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/error.h"
#include "base/fast_hash.h"
#include "base/process.h"
#include "base/text.h"
#include "engine/adoption.h"
#include "engine/affected_edges.h"
#include "engine/programs.h"
#include "engine/state_migration.h"

namespace cntr::engine {

using ninja::EdgeId;
using ninja::NodeId;

namespace {

constexpr char kBuildingVariable[] = "CNTR_NINJA_BUILDING";

// Whether an ancestor of this process builds in this directory. Announces to its own children that
// this process does.
bool is_nested(const std::string& directory) {
  static const std::string inherited = environment_variable(kBuildingVariable).value_or("");
  const std::vector<std::string> building = split(inherited, ':');
  const std::string all = inherited.empty() ? directory : inherited + ":" + directory;
  ::setenv(kBuildingVariable, all.c_str(), 1);
  return std::find(building.begin(), building.end(), directory) != building.end();
}

// Of the variables that the project or the user names, so that their values count.
Digest environment_digest(const ninja::Graph& graph) {
  std::string names = graph.variable("CNTR_SIGNATURE_ENV");
  names += ' ' + environment_variable("CNTR_SIGNATURE_ENV").value_or("");
  std::replace_if(
      names.begin(), names.end(), [](char c) { return c == ';' || c == ','; }, ' ');
  std::vector<std::string> sorted = split(names, ' ');
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  std::string text;
  for (const std::string& name : sorted) {
    if (name.empty()) continue;
    const std::optional<std::string> value = environment_variable(name);
    text += quote(name) + (value ? "=" + digest_of(*value).hex() : " unset") + "\n";
  }
  return text.empty() ? Digest() : digest_of(text);
}

// A file so young may change again and look the same.
Identity unless_young(const Identity& identity, int64_t now) {
  return std::max(identity.mtime, identity.ctime) > now - kRacyNanoseconds ? Identity() : identity;
}

}  // namespace

std::string state_folder(const std::string& manifest) {
  if (manifest == "build.ninja") return ".cntr_ninja";
  const uint64_t hash = fast_hash(manifest);
  return ".cntr_ninja/" + std::to_string(hash);
}

// What works on the state; made when a build needs it.
struct BuildSession::Parts {
  Parts(State& state, Disk& disk, const Digest& environment, const Digest& environment_before,
        bool writes, const WarningSink& warn)
      : files(state, disk),
        decider(state, files, environment, environment_before),
        programs(search_path()),
        recorder(state, files, decider, disk, programs),
        history(state, files, decider, state.graph.variable("builddir"), writes, warn),
        cache(state, files, decider, disk, programs, current_directory(), warn) {}

  FileTable files;
  Decider decider;
  Programs programs;
  Recorder recorder;
  NinjaHistory history;
  EdgeCache cache;
};

BuildSession::BuildSession(SessionOptions options, Disk& disk, WarningSink warn)
    : options_(std::move(options)), disk_(disk), warn_(std::move(warn)), began_(disk.file_time()) {
  const std::string directory = current_directory();
  if (is_nested(directory)) options_.read_only = true;
  const std::string folder = state_folder(options_.manifest);
  if (!options_.read_only) {
    if (!disk_.identity(options_.manifest.c_str()).exists()) {
      throw user_error("loading '" + options_.manifest + "': No such file or directory");
    }
    make_directories(folder);
    lock_.emplace(folder + "/lock",
                  [this] { warn_("another build runs in this directory; waiting for it"); });
  }
  file_.emplace(folder, warn_);
  load();
}

BuildSession::~BuildSession() = default;

void BuildSession::load() {
  is_first_build_ = !file_->exists();
  saved_ = file_->load();
  if (saved_) environment_before_ = saved_->environment;
  // What a saved graph warned of when it was parsed may be an error now.
  const bool holds = saved_ && !options_.phony_cycle_is_error && manifests_hold();
  if (!holds) parse_again();
  const Digest environment = environment_digest(graph());
  if (environment != saved_->environment) {
    saved_->environment = environment;
    saved_->closure.reset();
    saved_->clean.clear();
  }
  new_nodes_ = saved_->new_nodes;
  new_edges_ = saved_->new_edges;
  if (options_.read_only) return;
  if (holds) return file_->continue_journal(*saved_);
  // What ninja knew is adopted before there is a state; then an interruption is no first build.
  if (is_first_build_) parts();
  write_anew();
  is_first_build_ = false;
}

// Whether every manifest file holds what the graph was made of.
bool BuildSession::manifests_hold() {
  const std::span<const ninja::ManifestFile> files = graph().manifests();
  for (size_t i = 0; i < files.size(); ++i) {
    const std::string path(graph().text(files[i].path));
    const Identity identity = disk_.identity(path.c_str());
    if (identity == saved_->manifests[i]) continue;
    const std::optional<std::string> text = disk_.read(path);
    if (!text || digest_of(*text) != files[i].digest) return false;
    saved_->manifests[i] = unless_young(identity, disk_.file_time());
    manifests_moved_ |= saved_->manifests[i].exists();
  }
  return true;
}

void BuildSession::parse_again() {
  ninja::ManifestOptions options;
  options.phony_cycle_is_error = options_.phony_cycle_is_error;
  options.warn = warn_;
  std::vector<std::pair<std::string, Identity>> read;
  ninja::Graph graph = ninja::parse_manifest(
      options_.manifest,
      [&](const std::string& path) {
        read.emplace_back(path, disk_.identity(path.c_str()));
        return disk_.read(path);
      },
      options);
  const int64_t now = disk_.file_time();
  std::vector<Identity> manifests;
  for (const auto& [path, identity] : read) {
    manifests.push_back(options_.phony_cycle_is_error ? Identity() : unless_young(identity, now));
  }
  State state = saved_ ? migrate(saved_->state, std::move(graph)) : State::of(std::move(graph));
  saved_.emplace();
  saved_->state = std::move(state);
  saved_->manifests = std::move(manifests);
}

// Writes the state as it is now, and goes on with what was written.
void BuildSession::write_anew() {
  try {
    file_->write(state(), {saved_->manifests, saved_->environment, std::nullopt, marks_.clean});
    std::optional<SavedState> written = file_->load();
    if (!written) return;
    parts_.reset();
    saved_ = std::move(written);
    file_->continue_journal(*saved_);
  } catch (const Error& error) {
    warn_(error.message() + "; what this build learns is not kept");
  }
}

std::vector<NodeId> BuildSession::default_targets() const {
  const std::span<const NodeId> defaults = graph().defaults();
  if (!defaults.empty()) return {defaults.begin(), defaults.end()};
  return graph().roots();
}

BuildSession::Parts& BuildSession::parts() {
  if (parts_ != nullptr) return *parts_;
  State& state = saved_->state;
  parts_ = std::make_unique<Parts>(state, disk_, saved_->environment, environment_before_,
                                   !options_.read_only, warn_);
  for (const NodeId program : state.programs) {
    const std::string path(state.graph.path(program));
    if (parts_->programs.find(base_name(path)) != path) parts_->decider.program_moved(program);
  }
  if (!parts_->decider.has_moved_programs()) marks_.clean = saved_->clean;
  marks_.clean.resize(state.graph.edge_count());
  marks_.changed.resize(state.graph.node_count());
  for (const EdgeId edge : saved_->suspect_edges) marks_.clean[edge] = 0;
  for (const NodeId node : saved_->suspect_nodes) marks_.changed[node] = 1;
  if (is_first_build_ && parts_->history.read()) adopt_all();
  return *parts_;
}

void BuildSession::adopt_all() {
  Parts& its = *parts_;
  changed_edges_ = adopt(state(), disk_, its.files, its.decider, its.recorder, its.history);
  for (const EdgeId edge : changed_edges_) marks_.clean[edge] = 1;
  its.decider.forget_aliases();
  keep();
}

bool BuildSession::nothing_changed() {
  if (!saved_->closure || !new_nodes_.empty() || !new_edges_.empty()) return false;
  Parts& its = parts();
  if (its.decider.has_moved_programs()) return false;
  const FileTable::Probed probed = its.files.probe(*saved_->closure);
  closure_is_probed_ = true;
  mark_changed(probed.changed);
  keep();
  if (!probed.changed.empty() || (!probed.all_in_place && one_must_run_for_times())) return false;
  if (options_.read_only) return true;
  if (!new_nodes_.empty()) file_->append_conclusion({});  // files that look different, and are not
  if (file_->worth_folding() || manifests_moved_) fold(true);
  return true;
}

// Whether an edge that looks at times must run, although no content has changed.
bool BuildSession::one_must_run_for_times() {
  const std::vector<NodeId>& closure = *saved_->closure;
  for (EdgeId edge = 0; edge < graph().edge_count(); ++edge) {
    if (!graph().looks_at_times(edge) || !parts().decider.must_run(edge)) continue;
    const NodeId output = graph().outputs(edge).front();
    if (std::find(closure.begin(), closure.end(), output) != closure.end()) return true;
  }
  return false;
}

// When all was up to date before, only what a change can concern has to be decided.
void BuildSession::find_affected(std::span<const NodeId> targets) {
  const auto in_closure = [&] {
    const Flags closure = flags_of(*saved_->closure, graph().node_count());
    return std::all_of(targets.begin(), targets.end(), [&](NodeId node) { return closure[node]; });
  };
  if (!closure_is_probed_ || !in_closure()) {
    marks_.affected = {};
    return;
  }
  // The same as for the manifest before, when that had not to be made again.
  if (!marks_.affected.edges.empty()) return;
  const auto index = file_->readers(*saved_);
  if (index == nullptr) return;
  std::vector<EdgeId> ran = saved_->suspect_edges;
  ran.insert(ran.end(), new_edges_.begin(), new_edges_.end());
  marks_.affected = affected_edges(state(), *index, ran, marks_.changed).value_or(Affected());
}

void BuildSession::look_at(std::span<const NodeId> targets) {
  find_affected(targets);
  if (!marks_.affected.edges.empty()) return;
  Parts& its = parts();
  mark_changed(its.files.probe(Plan::nodes_of(state(), targets)).changed);
}

void BuildSession::mark_changed(std::span<const NodeId> nodes) {
  for (const NodeId node : nodes) {
    marks_.changed[node] = 1;
    const EdgeId edge = graph().producer(node);
    if (edge == ninja::kNone || !graph().has(edge, ninja::kPhony)) continue;
    // An alias that is a file now, or is none any more, stands in no record that could tell.
    const FileMemo& memo = state().memos[node];
    if (memo.content != kUnknown || memo.identity.is_directory()) continue;
    std::fill(marks_.clean.begin(), marks_.clean.end(), 0);
  }
}

void BuildSession::edge_changed(EdgeId edge) {
  changed_edges_.push_back(edge);
  keep();
}

// Appends to the journal what is new.
void BuildSession::keep() {
  const std::vector<NodeId> memos = parts().files.take_changed_memos();
  if (!options_.read_only) file_->append(state(), memos, changed_edges_);
  new_nodes_.insert(new_nodes_.end(), memos.begin(), memos.end());
  new_edges_.insert(new_edges_.end(), changed_edges_.begin(), changed_edges_.end());
  changed_edges_.clear();
}

BuildResult BuildSession::run(std::span<const NodeId> targets, CommandRunner& runner,
                              BuildStatus& status) {
  Parts& its = parts();
  if (closure_is_probed_) its.history.expect_more_deps();
  look_at(targets);
  Builder builder({state(), its.files, its.decider, its.recorder, its.history, disk_, runner,
                   status, *this, began_, options_.use_cache ? &its.cache : nullptr},
                  options_.build, marks_);
  const BuildResult result = builder.build(targets);
  keep();
  return result;
}

BuildResult BuildSession::build(std::span<const NodeId> targets, CommandRunner& runner,
                                BuildStatus& status) {
  const BuildResult result = run(targets, runner, status);
  const std::vector<NodeId> defaults = default_targets();
  const bool of_defaults =
      std::equal(targets.begin(), targets.end(), defaults.begin(), defaults.end());
  if (!options_.read_only) conclude(of_defaults && result.message.empty());
  return result;
}

bool BuildSession::rebuild_manifest(CommandRunner& runner, BuildStatus& status,
                                    BuildResult& result) {
  const std::optional<NodeId> manifest = graph().find(options_.manifest);
  if (!manifest || graph().producer(*manifest) == ninja::kNone) return false;
  result = run(std::span(&*manifest, 1), runner, status);
  if (result.executed == 0) return false;
  if (result.message.empty() && !manifests_hold()) return true;
  // What made the manifest may have written other files too.
  parts().files.forget_looks();
  closure_is_probed_ = false;
  parts().decider.forget_aliases();
  return false;
}

// Whether a clean edge is so by what the memos say, so that the next build may believe it.
bool BuildSession::holds(EdgeId edge) {
  State& its = state();
  const EdgeRecord& record = its.records[edge];
  if (its.graph.looks_at_times(edge)) return !parts().decider.must_run(edge);
  if (marks_.clean[edge] == 0 || !record.exists()) return false;
  const auto as_remembered = [&its](const Link& link) {
    return its.contents.equal(link.content, its.memos[link.node].content);
  };
  const std::span<const Link> links = its.links_of(record);
  const std::span<const Link> outputs = its.outputs_of(record);
  return std::all_of(links.begin(), links.end(), as_remembered) &&
         std::all_of(outputs.begin(), outputs.end(),
                     [&its](const Link& link) { return its.memos[link.node].identity.exists(); });
}

// What a build of the default targets looks at, when all of it is up to date.
std::optional<std::vector<NodeId>> BuildSession::concluded_closure() {
  std::vector<NodeId> targets = default_targets();
  const std::optional<NodeId> manifest = graph().find(options_.manifest);
  if (manifest) targets.push_back(*manifest);
  std::vector<NodeId> nodes = Plan::nodes_of(state(), targets);
  for (const NodeId node : nodes) {
    const EdgeId edge = graph().producer(node);
    if (edge == ninja::kNone || graph().has(edge, ninja::kPhony)) continue;
    if (marks_.clean[edge] == 0) return std::nullopt;
  }
  return nodes;
}

// Spares the next build every decision, if all is up to date, and keeps the journal short.
void BuildSession::conclude(bool all_up_to_date) {
  if (file_->worth_folding() || manifests_moved_) return fold(all_up_to_date);
  if (all_up_to_date && !conclude_in_journal()) fold(true);
}

// The edges that may not be as they were when all was up to date last.
std::vector<EdgeId> BuildSession::concerned_edges() const {
  const Affected& affected = marks_.affected;
  std::vector<EdgeId> edges = new_edges_;
  for (EdgeId edge = 0; edge < affected.edges.size(); ++edge) {
    if (affected.edges[edge] && !graph().has(edge, ninja::kPhony)) edges.push_back(edge);
  }
  std::vector<NodeId> others;
  std::copy_if(new_nodes_.begin(), new_nodes_.end(), std::back_inserter(others),
               [&](NodeId node) { return node >= affected.nodes.size() || !affected.nodes[node]; });
  if (others.empty()) return edges;
  const auto more = edges_with(saved_->state, flags_of(others, graph().node_count()));
  edges.insert(edges.end(), more.begin(), more.end());
  return edges;
}

// Says in the journal that all is up to date again, when only little has changed since that was so
// last. False when it has to be found out from the ground.
bool BuildSession::conclude_in_journal() {
  if (!saved_->closure) return false;
  Flags closure = flags_of(*saved_->closure, graph().node_count());
  const auto in_closure = [&](EdgeId edge) { return closure[graph().outputs(edge).front()]; };
  std::vector<NodeId> added;
  for (const EdgeId edge : concerned_edges()) {
    if (!in_closure(edge)) continue;
    if (!holds(edge) || graph().edge(edge).dyndep != ninja::kNone) return false;
    for (const Link& link : state().links_of(state().records[edge])) {
      if (closure[link.node]) continue;
      closure[link.node] = true;
      added.push_back(link.node);
      // An edge that the default targets did not need before.
      if (graph().producer(link.node) != ninja::kNone) return false;
    }
  }
  if (!new_nodes_.empty() || !new_edges_.empty()) file_->append_conclusion(added);
  return true;
}

// Writes the state anew, unless that was only to say that all is up to date, and not all is.
void BuildSession::fold(bool all_up_to_date) {
  // A manifest that was too young to be known by its identity may be old enough now.
  if (!manifests_hold()) all_up_to_date = false;
  Conclusion conclusion;
  conclusion.manifests = saved_->manifests;
  conclusion.environment = saved_->environment;
  for (EdgeId edge = 0; edge < graph().edge_count(); ++edge) {
    marks_.clean[edge] = holds(edge) ? 1 : 0;
  }
  conclusion.clean = marks_.clean;
  if (all_up_to_date) conclusion.closure = concluded_closure();
  if (!conclusion.closure && !file_->worth_folding() && !manifests_moved_) return;
  try {
    file_->write(state(), conclusion);
  } catch (const Error& error) {
    warn_(error.message() + "; what this build learnt stays in the journal");
  }
}

}  // namespace cntr::engine
