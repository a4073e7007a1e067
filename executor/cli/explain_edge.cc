#include "cli/explain_edge.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <vector>

#include "base/error.h"
#include "base/file_system.h"
#include "base/text.h"
#include "cli/console.h"
#include "engine/build_session.h"
#include "ninja/canonical_path.h"

namespace cntr::cli {
namespace {

using ninja::EdgeId;
using ninja::NodeId;

constexpr char kManifest[] = "build.ninja";

// A dry run starts nothing.
class NoCommands : public engine::CommandRunner {
 public:
  size_t capacity() override { return 1; }
  void start(const engine::Work& /*work*/) override {
    throw internal_error("a command to explain");
  }
  std::optional<engine::Finished> wait(bool /*watch_jobserver*/) override { return std::nullopt; }
  bool interrupted() const override { return false; }
  int signal() const override { return 0; }
  std::vector<EdgeId> running() const override { return {}; }
  void abort() override {}
  void wake() override {}
};

// Notes the edges that would run, in their order, and why.
class NotedRuns : public engine::BuildStatus {
 public:
  void total_changed(const engine::WorkTotal& /*total*/) override {}
  void build_started() override {}
  void edge_started(EdgeId edge, int64_t /*start_ms*/) override { order.push_back(edge); }
  void edge_finished(const engine::EdgeEnd& /*end*/) override {}
  void build_finished() override {}
  void info(const std::string& /*text*/) override {}
  void warning(const std::string& text) override { warnings()(text); }
  void error(const std::string& text) override { warnings()(text); }
  void explanation(EdgeId edge, const std::string& text) override { reasons[edge].push_back(text); }

  std::vector<EdgeId> order;
  std::map<EdgeId, std::vector<std::string>> reasons;
};

class EdgeExplainer {
 public:
  EdgeExplainer() : session_(options(), disk_, warnings()) {}

  std::optional<NodeId> find(const std::string& name, const std::string& base) const {
    const std::string here = current_directory();
    const std::string from_base = normal_path(name, base);
    std::string as_written = name;
    ninja::canonicalize(as_written);
    for (const std::string& path :
         {path_below(from_base, here).value_or(from_base), from_base, as_written}) {
      const std::optional<NodeId> node = graph().find(path);
      if (node) return node;
    }
    return std::nullopt;
  }

  report::Explanation explain(NodeId node) {
    const EdgeId edge = graph().producer(node);
    if (edge == ninja::kNone) {
      throw user_error(quote(graph().path(node)) + " is a source: no command makes it");
    }
    report::Explanation explanation;
    explanation.output = graph().path(node);
    engine::BuildResult result;
    session_.rebuild_manifest(runner_, runs_, result);
    session_.build(std::span(&node, 1), runner_, runs_);
    // An alias is made by no command: what it stands for is all that there is to say.
    const bool is_alias = graph().has(edge, ninja::kPhony);
    if (!is_alias) {
      explanation.reasons = runs_.reasons[edge];
      explanation.command = graph().command(edge);
    }
    explanation.would_execute = !explanation.reasons.empty();
    for (const EdgeId before : runs_.order) {
      if (before == edge) continue;
      const std::string output(graph().path(graph().outputs(before).front()));
      explanation.waiting.push_back(output);
      if (is_alias && !runs_.reasons[before].empty()) {
        explanation.reasons.push_back(output + ": " + runs_.reasons[before].front());
      }
    }
    if (is_alias) {
      explanation.would_execute = !explanation.waiting.empty();
      explanation.waiting.clear();
    }
    return explanation;
  }

 private:
  static engine::SessionOptions options() {
    engine::SessionOptions options;
    options.manifest = kManifest;
    options.read_only = true;
    options.build.failures_allowed = SIZE_MAX;
    options.build.dry_run = true;
    options.build.explain = true;
    return options;
  }
  const ninja::Graph& graph() const { return session_.graph(); }

  engine::RealDisk disk_;
  engine::BuildSession session_;
  NoCommands runner_;
  NotedRuns runs_;
};

}  // namespace

std::optional<std::string> find_ninja_directory(const std::string& start) {
  for (std::string directory = start;; directory = parent_path(directory)) {
    const bool is_built = exists(directory + "/" + kManifest) &&
                          exists(directory + "/" + engine::state_folder(kManifest) + "/state");
    if (is_built) return directory;
    if (directory == "/") return std::nullopt;
  }
}

std::optional<report::Explanation> explain_edge(const std::string& directory,
                                                const std::string& name, const std::string& base) {
  if (::chdir(directory.c_str()) != 0) throw system_error("Cannot go to " + directory, errno);
  EdgeExplainer explainer;
  const std::optional<NodeId> node = explainer.find(name, base);
  if (!node) return std::nullopt;
  return explainer.explain(*node);
}

}  // namespace cntr::cli
