// Manifests in memory, and what a graph says, as text.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "ninja/graph.h"
#include "ninja/manifest_parser.h"

namespace cntr::ninja {

class ManifestTest : public testing::Test {
 protected:
  static constexpr const char* kCat = "rule cat\n  command = cat $in > $out\n";

  Graph parse(const std::string& manifest) {
    files_["input"] = manifest;
    const ManifestOptions options = {
        .phony_cycle_is_error = phony_cycle_is_error_,
        .warn = [this](const std::string& warning) { warnings_.push_back(warning); }};
    return parse_manifest("input", reader(), options);
  }

  // The message; "" when the manifest is good.
  std::string error_of(const std::string& manifest) {
    try {
      parse(manifest);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUser);
      return error.message();
    }
    return "";
  }

  ManifestReader reader() {
    return [this](const std::string& path) -> std::optional<std::string> {
      const auto found = files_.find(path);
      if (found == files_.end()) return std::nullopt;
      return found->second;
    };
  }

  static std::vector<std::string> paths(const Graph& graph, std::span<const NodeId> nodes) {
    std::vector<std::string> paths;
    for (const NodeId node : nodes) paths.emplace_back(graph.path(node));
    return paths;
  }

  // The edge that makes the file.
  static EdgeId edge_of(const Graph& graph, std::string_view output) {
    const std::optional<NodeId> node = graph.find(output);
    if (!node || graph.producer(*node) == kNone) {
      ADD_FAILURE() << "nothing makes " << output;
      return 0;
    }
    return graph.producer(*node);
  }

  static std::string command_for(const Graph& graph, std::string_view output) {
    return graph.command(edge_of(graph, output));
  }

  std::map<std::string, std::string> files_;
  std::vector<std::string> warnings_;
  bool phony_cycle_is_error_ = false;
};

}  // namespace cntr::ninja
