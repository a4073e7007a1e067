#include "engine/edge_cache.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/environment.h"
#include "base/error.h"
#include "base/file_system.h"
#include "base/text.h"
#include "engine/compilation.h"

namespace cntr::engine {

using ninja::EdgeId;
using ninja::Graph;
using ninja::NodeId;

namespace {

constexpr size_t kMostSets = 16;            // of found inputs, for one key; the latest stay
constexpr char kPrinted[] = "/printed";     // the path under which the command's output is kept
constexpr size_t kLargestOutput = 1 << 20;  // of a command that prints more, nothing is kept

// By these the same command reads other headers.
constexpr std::array<const char*, 6> kCompilerVariables = {
    "CPATH",           "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "OBJC_INCLUDE_PATH",
    "GCC_EXEC_PREFIX", "COMPILER_PATH"};

std::string platform() {
  utsname names{};
  ::uname(&names);
  return std::string(names.sysname) + "/" + names.machine;
}

std::string line(std::string_view what, const Digest& content, std::string_view path) {
  return std::string(what) + ' ' + content.hex() + ' ' + escaped(path) + '\n';
}

// A result is of any tree: its files are named by their number among those that the edge writes.
std::string name_in_cache(const std::vector<std::string>& paths, const std::string& path) {
  return "/" + std::to_string(std::find(paths.begin(), paths.end(), path) - paths.begin());
}

}  // namespace

store::Cache& EdgeCache::cache() {
  if (!cache_) cache_.emplace(store::Cache::default_root(), warn_);
  return *cache_;
}

bool EdgeCache::takes_part(EdgeId edge) const {
  const Graph& graph = state_.graph;
  const uint32_t flags = graph.edge(edge).flags;
  const bool tells = (flags & (ninja::kDepsGcc | ninja::kDepsMsvc | ninja::kHasDepfile)) != 0;
  const bool excluded =
      (flags & (ninja::kGenerator | ninja::kConsole | ninja::kPhony | ninja::kPrecompiles)) != 0;
  return tells && !excluded && graph.edge(edge).dyndep == ninja::kNone &&
         graph.binding(edge, "cntr_cache") != "0" && is_compilation(graph.command(edge));
}

// The part of the signature's text that is known before the command runs.
std::string EdgeCache::known_before(EdgeId edge) {
  const std::string command = state_.graph.command(edge);
  std::string text = "cntr-ninja action 1\nplatform " + platform() + "\n";
  text += "command " + decider_.action(edge).hex() + "\n";
  if (writes_debug_information(command)) text += "directory " + escaped(directory_) + "\n";
  for (const char* name : kCompilerVariables) {
    const std::optional<std::string> value = environment_variable(name);
    if (value) text += "variable " + std::string(name) + ' ' + escaped(*value) + '\n';
  }
  for (const Program& program : programs_.of(command)) {
    const NodeId node = state_.node(program.path);
    // Where it lies differs between machines; what it is called can change what it does.
    text += line("program", state_.contents.at(files_.content(node)), base_name(program.path));
  }
  std::vector<std::string> inputs;
  for (const NodeId node : decider_.inputs(edge)) {
    inputs.push_back(
        line("input", state_.contents.at(files_.content(node)), state_.graph.path(node)));
  }
  std::sort(inputs.begin(), inputs.end());
  for (const std::string& input : inputs) text += input;
  return text;
}

// The same lines with the contents of now; nullopt when one is different. `paths`: the files.
std::optional<std::string> EdgeCache::as_they_are(const std::string& found_inputs,
                                                  std::vector<std::string>& paths) {
  for (const std::string& path : split(found_inputs, '\n')) {
    if (path.empty()) continue;
    // "found <64 digits> <path>"
    constexpr size_t kPath = 6 + 2 * Digest::kSize + 1;
    const std::optional<Digest> then =
        path.size() > kPath ? Digest::parse(path.substr(6, 2 * Digest::kSize)) : std::nullopt;
    if (!then) return std::nullopt;
    paths.push_back(path.substr(kPath));
    // A name that had to be escaped is rare enough to be a miss.
    if (escaped(paths.back()) != paths.back()) return std::nullopt;
    if (state_.contents.at(files_.content(state_.node(paths.back()))) != *then) return std::nullopt;
  }
  return found_inputs;
}

// The files that the command writes: its outputs, and a depfile that stays.
std::vector<std::string> EdgeCache::files_of(EdgeId edge) const {
  const Graph& graph = state_.graph;
  std::vector<std::string> paths;
  for (const NodeId output : decider_.outputs(edge)) paths.emplace_back(graph.path(output));
  if (graph.has(edge, ninja::kHasDepfile) && !graph.has(edge, ninja::kDepsGcc)) {
    paths.push_back(graph.binding(edge, "depfile", Graph::Escape::kRaw));
  }
  return paths;
}

bool EdgeCache::put_in_place(EdgeId edge, const store::ActionResult& result, Restored& restored) {
  const std::vector<std::string> paths = files_of(edge);
  std::vector<std::pair<std::string, std::string>> placed;  // from, to
  bool whole = result.outputs.size() >= paths.size();
  for (const store::Output& output : result.outputs) {
    if (output.path == kPrinted) {
      const std::optional<std::string> printed = cache().find_bytes(output.digest);
      whole = whole && printed.has_value();
      restored.output = printed.value_or("");
      continue;
    }
    const auto path = std::find_if(paths.begin(), paths.end(), [&](const std::string& candidate) {
      return output.path == name_in_cache(paths, candidate);
    });
    whole = whole && path != paths.end();
    if (!whole) break;
    disk_.make_parents(*path);
    // Two outputs may be one file under two names.
    const std::string aside =
        *path + ".cntr-" + std::to_string(::getpid()) + "-" + std::to_string(placed.size());
    disk_.remove(aside);
    whole = cache().materialise(output, aside);
    if (!whole) break;
    placed.emplace_back(aside, *path);
  }
  for (const auto& [aside, path] : placed) {
    if (whole) {
      rename_path(aside, path);
    } else {
      disk_.remove(aside);
    }
  }
  return whole;
}

std::optional<EdgeCache::Restored> EdgeCache::restore(EdgeId edge) {
  if (!takes_part(edge)) return std::nullopt;
  const std::string before = known_before(edge);
  const std::optional<std::string> sets = cache().find_fact(digest_of(before).text());
  if (!sets) return std::nullopt;
  for (const std::string& set : split(*sets, ' ')) {
    const std::optional<Digest> digest = Digest::parse(set);
    const std::optional<std::string> found = digest ? cache().find_bytes(*digest) : std::nullopt;
    if (!found) continue;
    Restored restored;
    const std::optional<std::string> now = as_they_are(*found, restored.discovered);
    if (!now) continue;
    const std::optional<store::ActionResult> result = cache().find_action(digest_of(before + *now));
    if (result && put_in_place(edge, *result, restored)) return restored;
  }
  return std::nullopt;
}

void EdgeCache::keep(EdgeId edge, const std::string& output, int64_t started,
                     uint32_t duration_ms) {
  if (!takes_part(edge) || output.size() > kLargestOutput) return;
  const EdgeRecord& record = state_.records[edge];
  const auto discovered = state_.discovered_of(record);
  std::string found;
  for (const Link& link : discovered.first(discovered.size() - record.tools)) {
    found += line("found", state_.contents.at(link.content), state_.graph.path(link.node));
  }
  store::ActionResult result;
  const std::vector<std::string> paths = files_of(edge);
  for (const std::string& path : paths) {
    const Identity identity = disk_.identity(path.c_str());
    // An empty file stands for what else the command did.
    if (!identity.is_regular() || identity.size == 0) return;
    const std::optional<Digest> stored = cache().store_file(path);
    if (!stored) return;
    result.outputs.push_back({name_in_cache(paths, path), store::OutputKind::kFile, *stored,
                              (identity.mode & 0111) != 0});
  }
  if (!output.empty()) {
    const std::optional<Digest> printed = cache().store_bytes(output);
    if (!printed) return;
    result.outputs.push_back({kPrinted, store::OutputKind::kFile, *printed, false});
  }
  std::sort(result.outputs.begin(), result.outputs.end(),
            [](const store::Output& a, const store::Output& b) { return a.path < b.path; });

  const std::optional<Digest> set = cache().store_bytes(found);
  if (!set) return;
  const std::string before = known_before(edge);
  store::Record of_run;
  of_run.signature_text = before + found;
  of_run.signature = digest_of(of_run.signature_text);
  of_run.step = state_.graph.path(state_.graph.outputs(edge).front());
  of_run.runner = "ninja";
  of_run.started = started;
  of_run.duration_ms = duration_ms;
  if (!cache().add_action(of_run, result)) return;

  const std::string key = digest_of(before).text();
  std::vector<std::string> sets = split(cache().find_fact(key).value_or(""), ' ');
  std::erase(sets, set->hex());
  std::erase(sets, "");
  sets.insert(sets.begin(), set->hex());
  if (sets.size() > kMostSets) sets.resize(kMostSets);
  cache().add_fact(key, join(sets, " "));
}

}  // namespace cntr::engine
