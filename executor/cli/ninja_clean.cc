#include "cli/ninja_clean.h"

#include <cstdio>
#include <unordered_set>

#include "base/error.h"
#include "engine/dyndep_loader.h"
#include "ninja/canonical_path.h"

namespace cntr::cli {

using ninja::EdgeId;
using ninja::Graph;
using ninja::NodeId;

namespace {

constexpr char kUsage[] =
    "usage: ninja -t clean [options] [targets]\n"
    "\n"
    "options:\n"
    "  -g     also clean files marked as ninja generator output\n"
    "  -r     interpret targets as a list of rules to clean instead\n";

class Cleaner {
 public:
  Cleaner(engine::State& state, engine::Disk& disk, const CleanOptions& options)
      : state_(state), disk_(disk), options_(options) {
    if (!options_.quiet) std::fputs(options_.verbose ? "Cleaning...\n" : "Cleaning... ", stdout);
    std::fflush(stdout);
    // What they name is removed as well.
    engine::load_readable_dyndeps(state, disk);
  }

  int finish() const {
    if (!options_.quiet) std::printf("%zu files.\n", count_);
    return exit_code_;
  }

  void remove(const std::string& path) {
    if (!removed_.insert(path).second) return;
    try {
      const bool there =
          options_.dry_run ? disk_.identity(path.c_str()).exists() : disk_.remove(path);
      if (!there) return;
    } catch (const Error& error) {
      complain(error.what());
      return;
    }
    ++count_;
    if (options_.verbose) std::printf("Remove %s\n", path.c_str());
  }

  void remove_edge(EdgeId edge) {
    const Graph& graph = state_.graph;
    for (const NodeId output : graph.outputs(edge)) remove(std::string(graph.path(output)));
    for (const NodeId output : graph.dyndep_outputs(edge)) remove(std::string(graph.path(output)));
    for (const char* const name : {"depfile", "rspfile"}) {
      const std::string path = graph.binding(edge, name, Graph::Escape::kRaw);
      if (!path.empty()) remove(path);
    }
  }

  void remove_target(const std::string& name) {
    std::string path = name;
    ninja::canonicalize(path);
    const std::optional<NodeId> target = state_.graph.find(path);
    if (path.empty()) return complain("failed to canonicalize '': empty path");
    if (!target) return complain("unknown target '" + path + "'");
    if (options_.verbose) std::printf("Target %s\n", path.c_str());
    std::vector<NodeId> todo = {*target};
    std::unordered_set<NodeId> seen = {*target};
    while (!todo.empty()) {
      const EdgeId edge = state_.graph.producer(todo.back());
      todo.pop_back();
      if (edge == ninja::kNone) continue;
      if (!state_.graph.has(edge, ninja::kPhony)) remove_edge(edge);
      for (const NodeId input : state_.graph.all_inputs(edge)) {
        if (seen.insert(input).second) todo.push_back(input);
      }
    }
  }

  void remove_rule(const std::string& rule) {
    bool known = rule == "phony";
    for (const std::string_view name : state_.graph.rule_names()) known |= name == rule;
    if (!known) return complain("unknown rule '" + rule + "'");
    if (options_.verbose) std::printf("Rule %s\n", rule.c_str());
    for (EdgeId edge = 0; edge < state_.graph.edge_count(); ++edge) {
      if (state_.graph.rule_name(edge) == rule) remove_edge(edge);
    }
  }

  void remove_all(bool generated_too) {
    for (EdgeId edge = 0; edge < state_.graph.edge_count(); ++edge) {
      if (state_.graph.has(edge, ninja::kPhony)) continue;
      if (!generated_too && state_.graph.has(edge, ninja::kGenerator)) continue;
      remove_edge(edge);
    }
  }

 private:
  void complain(const std::string& text) {
    std::fprintf(stderr, "ninja: error: %s\n", text.c_str());
    exit_code_ = 1;
  }

  engine::State& state_;
  engine::Disk& disk_;
  const CleanOptions options_;
  std::unordered_set<std::string> removed_;
  size_t count_ = 0;
  int exit_code_ = 0;
};

}  // namespace

int clean(engine::State& state, engine::Disk& disk, const std::vector<std::string>& arguments,
          const CleanOptions& options) {
  bool generated_too = false;
  bool rules = false;
  std::vector<std::string> names;
  for (const std::string& argument : arguments) {
    if (argument == "-g") {
      generated_too = true;
    } else if (argument == "-r") {
      rules = true;
    } else if (argument.size() > 1 && argument.front() == '-') {
      std::fputs(kUsage, stdout);
      return 1;
    } else {
      names.push_back(argument);
    }
  }
  if (rules && names.empty()) {
    std::fputs("ninja: error: expected a rule to clean\n", stderr);
    return 1;
  }
  Cleaner cleaner(state, disk, options);
  if (names.empty()) cleaner.remove_all(generated_too);
  for (const std::string& name : names) {
    if (rules) {
      cleaner.remove_rule(name);
    } else {
      cleaner.remove_target(name);
    }
  }
  return cleaner.finish();
}

int clean_dead(engine::State& state, engine::Disk& disk, const std::vector<std::string>& outputs,
               const CleanOptions& options) {
  Cleaner cleaner(state, disk, options);
  for (const std::string& output : outputs) {
    const std::optional<NodeId> node = state.graph.find(output);
    if (!node || *node >= state.graph.manifest_nodes()) cleaner.remove(output);
  }
  return cleaner.finish();
}

}  // namespace cntr::cli
