// Runs a tool over a manifest that stands in the test.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/graph_tool.h"
#include "ninja/dyndep.h"
#include "ninja/manifest_parser.h"

namespace cntr::cli {

class GraphToolTest : public testing::Test {
 protected:
  struct Run {
    int code = 0;
    std::string out;
    std::string err;  // also what was thrown, behind "error: "
  };
  using Tool = int (*)(const GraphTool&);

  void set_manifest(const std::string& text) {
    graph_ = ninja::parse_manifest(
        "build.ninja", [&](const std::string&) { return std::optional<std::string>(text); });
  }

  Run run(Tool tool, std::vector<std::string> arguments = {}) {
    Run result;
    GraphTool setting{graph_, std::move(arguments), "/the/tree", {}, {}, {}, {}};
    setting.find_targets = [this](const std::vector<std::string>& names) { return find(names); };
    setting.load_dyndep = [this](ninja::NodeId file) { load_dyndep(file); };
    setting.out = [&](std::string_view text) { result.out += text; };
    setting.err = [&](std::string_view text) { result.err += text; };
    try {
      result.code = tool(setting);
    } catch (const Error& error) {
      result.code = 1;
      result.err += "error: " + error.message();
    }
    return result;
  }
  std::string out_of(Tool tool, std::vector<std::string> arguments = {}) {
    const Run result = run(tool, std::move(arguments));
    EXPECT_EQ(result.code, 0);
    EXPECT_EQ(result.err, "");
    return result.out;
  }

  std::map<std::string, std::string> dyndep_files_;

 private:
  std::vector<ninja::NodeId> find(const std::vector<std::string>& names) const {
    const auto defaults = graph_.defaults();
    if (names.empty() && defaults.empty()) return graph_.roots();
    std::vector<ninja::NodeId> nodes;
    if (names.empty()) nodes.assign(defaults.begin(), defaults.end());
    for (const std::string& name : names) {
      const auto node = graph_.find(name);
      if (!node) throw user_error("unknown target '" + name + "'");
      nodes.push_back(*node);
    }
    return nodes;
  }

  std::vector<ninja::NodeId> nodes_of(const std::vector<std::string>& paths) {
    std::vector<ninja::NodeId> nodes;
    for (const std::string& path : paths) nodes.push_back(graph_.add_node(path));
    return nodes;
  }

  void load_dyndep(ninja::NodeId file) {
    const std::string path(graph_.path(file));
    if (!dyndep_files_.contains(path)) {
      throw user_error("loading '" + path + "': No such file or directory");
    }
    for (const auto& entry : ninja::parse_dyndep(path, dyndep_files_[path], graph_, file)) {
      const auto outputs = nodes_of(entry.implicit_outputs);
      const auto inputs = nodes_of(entry.implicit_inputs);
      graph_.add_dyndep(entry.edge, outputs, inputs, entry.restat);
    }
  }

  ninja::Graph graph_;
};

}  // namespace cntr::cli
