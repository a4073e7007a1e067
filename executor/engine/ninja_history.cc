#include "engine/ninja_history.h"

#include <algorithm>

#include "base/error.h"
#include "base/file_system.h"
#include "ninja/canonical_path.h"
#include "ninja/command_hash.h"
#include "ninja/depfile.h"

namespace cntr::engine {

using ninja::EdgeId;
using ninja::NodeId;

namespace {

std::string in_folder(const std::string& folder, const char* name) {
  return folder.empty() ? name : folder + "/" + name;
}

// What ninja knows of that an edge read: not the programs.
std::span<const Link> read_by(const State& state, const EdgeRecord& record) {
  return state.links_of(record).first(record.inputs + record.discovered - record.tools);
}

}  // namespace

NinjaHistory::NinjaHistory(State& state, FileTable& files, Decider& decider,
                           const std::string& folder, bool writes, WarningSink warn)
    : state_(state),
      files_(files),
      decider_(decider),
      log_path_(in_folder(folder, ".ninja_log")),
      deps_path_(in_folder(folder, ".ninja_deps")),
      warn_(std::move(warn)),
      writes_(writes) {}

NinjaHistory::~NinjaHistory() { close(); }

bool NinjaHistory::read() {
  std::optional<std::string> log = read_file_if_exists(log_path_);
  if (!log) return false;
  log_ = ninja::NinjaLog(std::move(*log));
  if (log_.entries().empty()) return false;
  deps_ = ninja::DepsLog(read_file_if_exists(deps_path_).value_or(""));
  deps_numbers_.assign(state_.graph.node_count(), ninja::kNone);
  for (uint32_t number = 0; number < deps_.path_count(); ++number) {
    const std::optional<NodeId> node = state_.graph.find(deps_.path(number));
    if (node && *node < deps_numbers_.size()) deps_numbers_[*node] = number;
  }
  return true;
}

// nullopt: ninja would run the edge to learn them.
std::optional<std::vector<std::string>> NinjaHistory::discovered_by_ninja(EdgeId edge) {
  std::vector<std::string> paths;
  const ninja::Graph& graph = state_.graph;
  if (graph.has(edge, ninja::kDepsGcc) || graph.has(edge, ninja::kDepsMsvc)) {
    const NodeId output = graph.outputs(edge).front();
    if (deps_numbers_[output] == ninja::kNone) return std::nullopt;
    const auto deps = deps_.deps(deps_numbers_[output]);
    const int64_t unit = deps_.version() == 3 ? 1'000'000'000 : 1;
    if (!deps || files_.identity(output).mtime / unit > deps->mtime) return std::nullopt;
    for (const uint32_t number : deps->inputs) paths.emplace_back(deps_.path(number));
  } else if (graph.has(edge, ninja::kHasDepfile)) {
    const std::string depfile = graph.binding(edge, "depfile", ninja::Graph::Escape::kRaw);
    const std::optional<std::string> text = read_file_if_exists(depfile);
    if (!text) return std::nullopt;
    try {
      paths = ninja::parse_depfile(*text, depfile).inputs;
    } catch (const Error&) {
      return std::nullopt;  // the run says what is wrong with it
    }
    for (std::string& path : paths) ninja::canonicalize(path);
  }
  const auto is_no_name = [](const std::string& path) {
    return path.empty() || path.find('\0') != std::string::npos;
  };
  if (std::any_of(paths.begin(), paths.end(), is_no_name)) return std::nullopt;
  return paths;
}

std::optional<NinjaHistory::Run> NinjaHistory::clean_run(EdgeId edge) {
  std::optional<std::vector<std::string>> discovered = discovered_by_ninja(edge);
  if (!discovered) return std::nullopt;
  int64_t newest = 0;
  for (const NodeId node : decider_.inputs(edge)) {
    if (decider_.is_always_new(node)) return std::nullopt;
    newest = std::max(newest, files_.identity(node).mtime);
  }
  for (const std::string& path : *discovered) {
    const Identity& identity = files_.identity(state_.node(path));
    if (!identity.exists()) return std::nullopt;
    newest = std::max(newest, identity.mtime);
  }
  Run run;
  run.discovered = std::move(*discovered);
  const bool generator = state_.graph.has(edge, ninja::kGenerator);
  const uint64_t hash = ninja::command_hash(state_.graph.command_text(edge), log_.version());
  for (const NodeId output : decider_.outputs(edge)) {
    const Identity& identity = files_.identity(output);
    if (!identity.exists()) return std::nullopt;
    const ninja::NinjaLogEntry* const entry = log_.find(state_.graph.path(output));
    const bool by_log = entry != nullptr && state_.graph.restat(edge);
    if (!by_log && identity.mtime < newest) return std::nullopt;
    if (entry == nullptr) {
      if (!generator) return std::nullopt;
      continue;
    }
    if (!generator && entry->command_hash != hash) return std::nullopt;
    if (entry->mtime < newest) return std::nullopt;
    run.start_ms = entry->start_ms;
    run.end_ms = entry->end_ms;
    run.mtime = entry->mtime;
    run.duration_ms =
        static_cast<uint32_t>(std::clamp<int64_t>(entry->end_ms - entry->start_ms, 0, UINT32_MAX));
  }
  return run;
}

void NinjaHistory::expect_deps() {
  if (!writes_ || deps_thread_ != nullptr) return;
  guard([&] { deps_thread_ = std::make_unique<DepsLogThread>(deps_path_); });
}

void NinjaHistory::expect_more_deps() {
  if (exists(deps_path_)) expect_deps();
}

void NinjaHistory::write_deps(EdgeId edge, const std::vector<std::string>& discovered) {
  expect_deps();
  if (deps_thread_ == nullptr) return;
  for (const NodeId output : state_.graph.outputs(edge)) {
    deps_thread_->record(state_.graph.path(output), files_.identity(output).mtime, discovered);
  }
}

template <typename Writing>
void NinjaHistory::guard(Writing writing) {
  if (!writes_) return;
  try {
    writing();
  } catch (const Error& error) {
    writes_ = false;
    warn_(error.message() + "; ninja's logs are not kept any further");
  }
}

void NinjaHistory::open_log() {
  // Most of a log that is much larger than the graph is out of date.
  constexpr uint64_t kLargeForAnEdge = 256;
  constexpr uint64_t kSmall = 4096;
  const std::optional<FileStat> found = stat_file(log_path_);
  if (found && found->size > kSmall + kLargeForAnEdge * state_.graph.edge_count()) {
    const ninja::NinjaLog log(read_file(log_path_));
    if (log.needs_recompaction()) {
      ninja::recompact_ninja_log(log_path_, log, [](std::string_view) { return false; });
    }
  }
  log_writer_ = std::make_unique<ninja::NinjaLogWriter>(log_path_);
}

void NinjaHistory::write_log(EdgeId edge, int64_t start_ms, int64_t end_ms, int64_t mtime) {
  if (log_writer_ == nullptr) open_log();
  const uint64_t hash =
      ninja::command_hash(state_.graph.command_text(edge), ninja::kNinjaLogVersion);
  std::vector<ninja::NinjaLogEntry> entries;
  for (const NodeId output : decider_.outputs(edge)) {
    entries.push_back({state_.graph.path(output), start_ms, end_ms, mtime, hash});
  }
  log_writer_->record(entries);
}

void NinjaHistory::record_adopted(EdgeId edge, const Run& run) {
  if (log_.version() != ninja::kNinjaLogVersion) {
    guard([&] { write_log(edge, run.start_ms, run.end_ms, run.mtime); });
  }
}

void NinjaHistory::record(EdgeId edge, int64_t start_ms, int64_t end_ms, int64_t begun_at,
                          const std::vector<std::string>* discovered) {
  guard([&] {
    // Ninja compares with the inputs, whose times may come from a finer clock than begun_at.
    int64_t mtime = begun_at;
    for (const Link& link : read_by(state_, state_.records[edge])) {
      mtime = std::max(mtime, files_.identity(link.node).mtime);
    }
    if (state_.graph.restat(edge) || state_.graph.has(edge, ninja::kGenerator)) {
      for (const NodeId output : decider_.outputs(edge)) {
        mtime = std::max(mtime, files_.identity(output).mtime);
      }
    }
    write_log(edge, start_ms, end_ms, mtime);
    if (discovered != nullptr) write_deps(edge, *discovered);
  });
}

void NinjaHistory::close() {
  log_writer_.reset();
  if (deps_thread_ == nullptr) return;
  guard([&] { deps_thread_->finish(); });
  deps_thread_.reset();
}

}  // namespace cntr::engine
