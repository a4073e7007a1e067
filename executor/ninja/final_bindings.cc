#include "ninja/final_bindings.h"

#include <algorithm>
#include <future>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "ninja/edge_variables.h"

namespace cntr::ninja {

namespace {

// Fewer edges than this are done before a thread has started.
constexpr size_t kEdgesAThread = 1000;

// Evaluates edges one after the other, in memory that it keeps.
class Evaluator {
 public:
  explicit Evaluator(const GraphArrays& graph) : graph_(graph) {}

  uint32_t flags(const Edge& edge) {
    uint32_t flags = 0;
    if (edge.rule == kPhonyRule) flags |= kPhony;
    if (edge.pool == kConsolePool) flags |= kConsole;
    if (!value(edge, "generator").empty()) flags |= kGenerator;
    if (!value(edge, "restat").empty()) flags |= kRestat;
    if (!value(edge, "depfile").empty()) flags |= kHasDepfile;
    if (!value(edge, "rspfile").empty()) flags |= kHasRspfile;
    if (precompiles(edge)) flags |= kPrecompiles;
    return flags | deps_flag(edge);
  }

  // The flags must be known.
  Digest command_digest(const Edge& edge) {
    text_.clear();
    append_command_text(graph_, edge, text_);
    return digest_of(text_);
  }

 private:
  const std::string& value(const Edge& edge, std::string_view name) {
    text_.clear();
    append_binding(graph_, edge, name, Graph::Escape::kShell, text_);
    return text_;
  }

  bool precompiles(const Edge& edge) const {
    if (edge.rule == kPhonyRule) return false;
    const auto outputs =
        std::span(graph_.edge_nodes)
            .subspan(edge.first_node, edge.explicit_outputs + edge.implicit_outputs);
    return std::any_of(outputs.begin(), outputs.end(), [this](NodeId node) {
      return is_precompiled_header(graph_.text(graph_.paths[node]));
    });
  }

  uint32_t deps_flag(const Edge& edge) {
    const std::string& deps = value(edge, "deps");
    if (deps.empty()) return 0;
    if (deps == "gcc") return kDepsGcc;
    if (deps == "msvc") return kDepsMsvc;
    throw user_error(std::string(graph_.text(graph_.manifests[edge.file].path)) + ":" +
                     std::to_string(edge.line) + ": unknown deps type '" + deps + "'");
  }

  const GraphArrays& graph_;
  std::string text_;
};

void evaluate_range(GraphStorage& graph, size_t begin, size_t end) {
  const GraphArrays arrays = graph.arrays();
  Evaluator evaluator(arrays);
  for (size_t at = begin; at < end; ++at) {
    Edge& edge = graph.edges[at];
    edge.flags = evaluator.flags(edge);
    graph.command_digests[at] = evaluator.command_digest(edge);
  }
}

}  // namespace

void evaluate_final_bindings(GraphStorage& graph) {
  const size_t edges = graph.edges.size();
  graph.command_digests.resize(edges);
  const size_t cores = std::max(1U, std::thread::hardware_concurrency());
  const size_t parts = std::clamp<size_t>(edges / kEdgesAThread, 1, cores);
  std::vector<std::future<void>> others;
  for (size_t part = 1; part < parts; ++part) {
    others.push_back(std::async(std::launch::async, evaluate_range, std::ref(graph),
                                edges * part / parts, edges * (part + 1) / parts));
  }
  // The first error in the order of the edges is the one to tell.
  evaluate_range(graph, 0, edges / parts);
  for (std::future<void>& other : others) other.get();
}

}  // namespace cntr::ninja
