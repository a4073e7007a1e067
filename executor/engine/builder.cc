#include "engine/builder.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/error.h"
#include "engine/dyndep_loader.h"
#include "ninja/canonical_path.h"
#include "ninja/cl_includes.h"
#include "ninja/depfile.h"

namespace cntr::engine {

using ninja::EdgeId;
using ninja::Graph;
using ninja::NodeId;

namespace {

int64_t steady_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Builder::Builder(BuildParts parts, BuildOptions options, Marks& marks)
    : parts_(parts),
      options_(options),
      plan_(parts.state, {[this](NodeId file) { return load_dyndep(file); },
                          [this](EdgeId edge) { return is_clean(edge); },
                          [this](NodeId node) { return parts_.files.identity(node).exists(); },
                          [this](EdgeId edge) {
                            return !marks_.affected.edges.empty() && !marks_.affected.edges[edge];
                          }}),
      marks_(marks),
      began_(steady_ms()) {
  marks_.clean.resize(parts_.state.graph.edge_count());
}

int64_t Builder::now_ms() const { return steady_ms() - began_; }

std::string Builder::path_binding(EdgeId edge, std::string_view name) const {
  return parts_.state.graph.binding(edge, name, Graph::Escape::kRaw);
}

// Clean by what is known already, without a decision.
bool Builder::is_settled(EdgeId edge) const {
  if (marks_.clean[edge] == 0) return false;
  const auto links = parts_.state.links_of(parts_.state.records[edge]);
  return std::none_of(links.begin(), links.end(), [this](const Link& link) {
    return link.node >= marks_.changed.size() || marks_.changed[link.node] != 0 ||
           parts_.state.memos[link.node].content == kUnknown;
  });
}

bool Builder::is_clean(EdgeId edge) {
  if (!parts_.state.graph.looks_at_times(edge) && is_settled(edge)) return true;
  const bool clean = !parts_.decider.must_run(edge);
  marks_.clean[edge] = clean ? 1 : 0;
  return clean;
}

// True when edges got outputs by it.
bool Builder::load_dyndep(NodeId file) {
  const LoadedDyndep loaded = engine::load_dyndep(parts_.state, parts_.disk, file);
  for (const EdgeId edge : loaded.edges) marks_.clean[edge] = 0;
  parts_.decider.forget_aliases();
  return loaded.added_outputs;
}

void Builder::tell_total() { parts_.status.total_changed(plan_.total()); }

BuildResult Builder::result() const {
  if (interrupted_) return {130, "interrupted by user", executed_};
  if (plan_.unfinished() == 0) return {0, "", executed_};
  if (failures_ >= options_.failures_allowed) {
    return {exit_code_, options_.failures_allowed > 1 ? "subcommands failed" : "subcommand failed",
            executed_};
  }
  if (failures_ > 0) return {exit_code_, "cannot make progress due to previous errors", executed_};
  return {1, "stuck [this is a bug]", executed_};
}

BuildResult Builder::build(std::span<const NodeId> targets) {
  plan_.add_targets(targets);
  if (plan_.unfinished() == 0) return {};
  try {
    while (plan_.unfinished() > 0) {
      if (failures_ < options_.failures_allowed) start_ready();
      std::optional<Finished> finished;
      if (!running_.empty()) {
        const bool watch_jobserver = plan_.has_runnable();
        finished = parts_.runner.wait(watch_jobserver);
      } else if (!parts_.runner.interrupted()) {
        break;
      }
      if (parts_.runner.interrupted() || (finished && finished->interrupted)) {
        interrupted_ = true;
        stop();
        break;
      }
      if (finished) finish(std::move(*finished));
    }
  } catch (const Error& error) {
    stop();
    if (!started_) throw;
    parts_.status.build_finished();
    return {1, error.what(), executed_};
  } catch (...) {
    stop();
    if (started_) parts_.status.build_finished();
    throw;
  }
  if (started_) parts_.status.build_finished();
  return result();
}

// Decides every edge whose inputs are final, so that the total is right before the next command.
void Builder::decide_ready() {
  while (const std::optional<EdgeId> edge = plan_.next_to_decide()) {
    const bool phony = parts_.state.graph.has(*edge, ninja::kPhony);
    if (!phony && (options_.dry_run || !is_clean(*edge))) {
      plan_.must_run(*edge);
      continue;
    }
    plan_.done(*edge, false);
    if (!phony) load_made_dyndeps(*edge);
  }
  if (started_) tell_total();
}

void Builder::start_ready() {
  decide_ready();
  while (plan_.has_runnable() && !parts_.runner.interrupted()) {
    if (!options_.dry_run && parts_.runner.capacity() == 0) return;
    const bool is_done = start(*plan_.next_to_run());
    if (is_done) decide_ready();
  }
}

// A file that the first command reads may be as young as this process. Beyond the next tick of the
// clock that stamps files, what is younger than the command is so for sure.
void Builder::wait_for_a_tick() {
  while (!ticked_ && parts_.disk.file_time() <= parts_.process_began) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ticked_ = true;
}

// True when the edge is done already.
bool Builder::start(EdgeId edge) {
  const Graph& graph = parts_.state.graph;
  if (!started_) {
    tell_total();
    parts_.status.build_started();
    started_ = true;
  }
  if (options_.explain) {
    for (const Reason& reason : parts_.decider.reasons(edge, true)) {
      parts_.status.explanation(edge, parts_.decider.text(reason));
    }
  }
  Running running;
  running.start_ms = now_ms();
  parts_.status.edge_started(edge, running.start_ms);
  if (options_.dry_run) {
    ++executed_;
    parts_.status.edge_finished(
        {edge, running.start_ms, running.start_ms, plan_.counted_ms(edge), 0, ""});
    plan_.done(edge, true);
    return true;
  }
  running.begun = parts_.recorder.begin(edge);
  marks_.clean[edge] = 0;
  if (restore(edge, running)) return true;
  prepare(edge);
  wait_for_a_tick();
  running.begun.time = parts_.disk.file_time();
  running_.emplace(edge, std::move(running));
  ++executed_;
  parts_.runner.start({edge, graph.command(edge), graph.has(edge, ninja::kConsole)});
  return false;
}

// What the command needs to find.
void Builder::prepare(EdgeId edge) {
  const Graph& graph = parts_.state.graph;
  if (graph.has(edge, ninja::kGenerator)) parts_.history.close();
  for (const NodeId output : parts_.decider.outputs(edge)) {
    parts_.disk.make_parents(std::string(graph.path(output)));
  }
  if (graph.has(edge, ninja::kHasDepfile)) {
    parts_.disk.make_parents(path_binding(edge, "depfile"));
  }
  if (graph.has(edge, ninja::kDepsGcc) || graph.has(edge, ninja::kDepsMsvc)) {
    parts_.history.expect_deps();
  }
  if (graph.has(edge, ninja::kHasRspfile)) {
    const std::string file = path_binding(edge, "rspfile");
    parts_.disk.make_parents(file);
    parts_.disk.write(file, graph.binding(edge, "rspfile_content"));
  }
}

// Takes the outputs from the action cache; false when it does not have them.
bool Builder::restore(EdgeId edge, Running& running) {
  if (parts_.cache == nullptr) return false;
  const std::optional<EdgeCache::Restored> restored = parts_.cache->restore(edge);
  if (!restored) return false;
  ++executed_;
  const int64_t end_ms = now_ms();
  parts_.status.edge_finished(
      {edge, running.start_ms, end_ms, plan_.counted_ms(edge), 0, restored->output});
  running.begun.time = parts_.disk.file_time();
  succeed(edge, running, restored->discovered, end_ms);
  return true;
}

// The inputs that the run told of. False when that went wrong: the output says why.
bool Builder::take_discovered(EdgeId edge, Finished& finished, std::vector<std::string>& paths) {
  const Graph& graph = parts_.state.graph;
  if (graph.has(edge, ninja::kDepsMsvc)) {
    ninja::ClOutput filtered =
        ninja::filter_cl_output(finished.output, graph.binding(edge, "msvc_deps_prefix"));
    finished.output = std::move(filtered.text);
    paths = std::move(filtered.includes);
    return true;
  }
  if (!graph.has(edge, ninja::kHasDepfile)) {
    if (!graph.has(edge, ninja::kDepsGcc)) return true;
    if (finished.code == 0) finished.output += "edge with deps=gcc but no depfile makes no sense";
    return false;
  }
  const std::string depfile = path_binding(edge, "depfile");
  const std::optional<std::string> text = parts_.disk.read(depfile);
  if (!text) return true;  // as an empty one
  try {
    for (std::string& path : ninja::parse_depfile(*text, depfile).inputs) {
      ninja::canonicalize(path);
      paths.push_back(std::move(path));
    }
  } catch (const Error& error) {
    if (finished.code != 0) return false;  // that is all there is to say
    if (!finished.output.empty()) finished.output += "\n";
    finished.output += error.message();
    return false;
  }
  if (graph.has(edge, ninja::kDepsGcc) && !options_.keep_depfile) parts_.disk.remove(depfile);
  return true;
}

void Builder::finish(Finished finished) {
  const auto found = running_.find(finished.edge);
  if (found == running_.end()) return;
  const Running running = std::move(found->second);
  running_.erase(found);
  const EdgeId edge = finished.edge;
  std::vector<std::string> discovered;
  if (!take_discovered(edge, finished, discovered) && finished.code == 0) finished.code = 1;
  const int64_t end_ms = now_ms();
  parts_.status.edge_finished(
      {edge, running.start_ms, end_ms, plan_.counted_ms(edge), finished.code, finished.output});
  if (finished.code != 0) return fail(edge, running, finished.code);
  const bool recorded = succeed(edge, running, discovered, end_ms);
  if (recorded && parts_.cache != nullptr) {
    parts_.cache->keep(edge, finished.output, running.begun.time,
                       static_cast<uint32_t>(end_ms - running.start_ms));
  }
}

// True when the run has a record.
bool Builder::succeed(EdgeId edge, const Running& running,
                      const std::vector<std::string>& discovered, int64_t end_ms) {
  const Graph& graph = parts_.state.graph;
  std::string moved;
  const auto duration = static_cast<uint32_t>(std::max<int64_t>(end_ms - running.start_ms, 1));
  const bool recorded = parts_.recorder.finish(edge, running.begun, discovered, duration, &moved);
  marks_.clean[edge] = recorded ? 1 : 0;
  // What it wrote is known; is_settled() must not believe older conclusions about it.
  for (const auto& [output, before] : running.begun.outputs) {
    if (output < marks_.changed.size()) marks_.changed[output] = 1;
  }
  if (!recorded && options_.explain) {
    parts_.status.explanation(ninja::kNone,
                              moved + " was changed while a command that reads it ran");
  }
  parts_.sink.edge_changed(edge);
  const bool has_deps = graph.has(edge, ninja::kDepsGcc) || graph.has(edge, ninja::kDepsMsvc);
  parts_.history.record(edge, running.start_ms, end_ms, running.begun.time,
                        has_deps ? &discovered : nullptr);
  if (graph.has(edge, ninja::kHasRspfile) && !options_.keep_rspfile) {
    parts_.disk.remove(path_binding(edge, "rspfile"));
  }
  plan_.done(edge, true);
  load_made_dyndeps(edge);
  return recorded;
}

void Builder::load_made_dyndeps(EdgeId edge) {
  if (plan_.load_dyndeps_of(edge)) tell_total();
}

void Builder::fail(EdgeId edge, const Running& running, int code) {
  ++failures_;
  exit_code_ = code;
  parts_.recorder.forget(edge, running.begun);
  parts_.sink.edge_changed(edge);
  plan_.failed(edge);
}

// Ends what runs, and removes what it has half written.
void Builder::stop() {
  if (running_.empty()) return;
  parts_.runner.abort();
  for (const auto& [edge, running] : running_) {
    const bool has_depfile = parts_.state.graph.has(edge, ninja::kHasDepfile);
    for (const auto& [output, before] : running.begun.outputs) {
      const std::string path(parts_.state.graph.path(output));
      const Identity now = parts_.disk.identity(path.c_str());
      if (has_depfile || now.mtime != before.identity.mtime) parts_.disk.remove(path);
    }
    if (has_depfile) parts_.disk.remove(path_binding(edge, "depfile"));
    parts_.recorder.forget(edge, running.begun);
    parts_.sink.edge_changed(edge);
  }
  running_.clear();
}

}  // namespace cntr::engine
