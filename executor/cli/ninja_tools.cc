#include "cli/ninja_tools.h"

#include <algorithm>
#include <cstdio>

#include "base/file_system.h"
#include "cli/ninja_clean.h"
#include "cli/ninja_deps_tools.h"
#include "cli/ninja_targets.h"
#include "cli/ninja_tools_commands.h"
#include "cli/ninja_tools_graph.h"
#include "engine/build_session.h"
#include "engine/dyndep_loader.h"
#include "ninja/ninja_log.h"

namespace cntr::cli {
namespace {

// What a tool works with.
struct ToolSetting {
  const NinjaOptions& options;
  engine::State& state;
  engine::Disk& disk;
};

struct Tool {
  const char* name;
  const char* purpose;
  int (*run)(const ToolSetting& setting);
};

CleanOptions clean_options(const NinjaOptions& options) {
  const bool verbose = options.verbosity == NinjaStatusOptions::Verbosity::kVerbose;
  return {options.dry_run, verbose || options.dry_run, false};
}

int run_clean(const ToolSetting& setting) {
  return clean(setting.state, setting.disk, setting.options.arguments,
               clean_options(setting.options));
}

int run_cleandead(const ToolSetting& setting) {
  const std::string folder = setting.state.graph.variable("builddir");
  const std::string path = folder.empty() ? ".ninja_log" : folder + "/.ninja_log";
  const ninja::NinjaLog log(read_file_if_exists(path).value_or(""));
  std::vector<std::string> outputs;
  for (const ninja::NinjaLogEntry& entry : log.entries()) outputs.emplace_back(entry.output);
  return clean_dead(setting.state, setting.disk, outputs, clean_options(setting.options));
}

int run_deps(const ToolSetting& setting) {
  return show_deps(setting.state, setting.disk, setting.options.arguments);
}

int run_missingdeps(const ToolSetting& setting) {
  return show_missing_deps(setting.state, setting.disk, setting.options.arguments);
}

int run_recompact(const ToolSetting& setting) {
  return recompact_logs(setting.state.graph.variable("builddir"));
}

int run_restat(const ToolSetting& setting) {
  return restat_log(setting.disk, setting.options.arguments);
}

// Runs a tool that only looks at the graph.
template <int (*kTool)(const GraphTool&)>
int run_graph_tool(const ToolSetting& setting) {
  engine::State& state = setting.state;
  return kTool(
      {state.graph, setting.options.arguments, current_directory(),
       [&state](const std::vector<std::string>& names) { return find_targets(state, names); },
       [&](ninja::NodeId file) { engine::load_dyndep(state, setting.disk, file); },
       [](std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); },
       [](std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); }});
}

constexpr Tool kTools[] = {
    {"clean", "remove what was built", run_clean},
    {"commands", "the commands that make the targets", run_graph_tool<show_commands>},
    {"inputs", "every input of the targets", run_graph_tool<show_inputs>},
    {"multi-inputs", "the inputs of each target", run_graph_tool<show_multi_inputs>},
    {"deps", "the headers that compilers found", run_deps},
    {"missingdeps", "generated headers that nothing makes compilers wait for", run_missingdeps},
    {"graph", "the graph, for Graphviz", run_graph_tool<show_graph>},
    {"query", "what stands before and behind a path", run_graph_tool<show_query>},
    {"targets", "targets, by depth or by rule", run_graph_tool<show_targets>},
    {"compdb", "a compilation database, of some rules", run_graph_tool<show_compdb>},
    {"compdb-targets", "a compilation database of some targets",
     run_graph_tool<show_compdb_targets>},
    {"recompact", "drop what is out of date from ninja's logs", run_recompact},
    {"restat", "take the times of outputs into ninja's log", run_restat},
    {"rules", "the names of the rules", run_graph_tool<show_rules>},
    {"cleandead", "remove outputs that the manifest does not make any more", run_cleandead},
};

const Tool* find_tool(const std::string& name) {
  const auto found = std::find_if(std::begin(kTools), std::end(kTools),
                                  [&](const Tool& tool) { return tool.name == name; });
  return found == std::end(kTools) ? nullptr : found;
}

}  // namespace

bool is_tool(const std::string& name) { return find_tool(name) != nullptr; }

std::vector<std::string> tool_names() {
  std::vector<std::string> names;
  for (const Tool& tool : kTools) names.emplace_back(tool.name);
  return names;
}

void print_tool_list() {
  std::printf("ninja subtools:\n");
  for (const Tool& tool : kTools) std::printf("%11s  %s\n", tool.name, tool.purpose);
}

int run_ninja_tool(const NinjaOptions& options) {
  engine::RealDisk disk;
  // CMake calls these two on every configure, also where there is no manifest yet.
  if (options.tool == "restat") return restat_log(disk, options.arguments);
  if (options.tool == "recompact" && !disk.identity(options.manifest.c_str()).exists()) {
    return recompact_logs("");
  }
  engine::SessionOptions of_session;
  of_session.manifest = options.manifest;
  of_session.phony_cycle_is_error = options.phony_cycle_is_error;
  of_session.read_only = true;
  engine::BuildSession session(of_session, disk, [](const std::string& text) {
    std::fprintf(stderr, "ninja: warning: %s\n", text.c_str());
  });
  return find_tool(options.tool)->run({options, session.state(), disk});
}

}  // namespace cntr::cli
