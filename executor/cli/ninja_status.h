// Prints a build as ninja does, byte by byte: tools read these lines. What is ninja's own goes
// where ninja sends it: progress, output and "ninja: ..." to standard output, warnings, errors and
// explanations to standard error.
#pragma once

#include <cstdio>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "cli/build_progress.h"
#include "cli/line_printer.h"
#include "cli/status_format.h"
#include "engine/build_status.h"
#include "ninja/graph.h"

namespace cntr::cli {

struct NinjaStatusOptions {
  enum class Verbosity {
    kQuiet,    // failures, and what commands print
    kNormal,   // and a status with the description of each command
    kVerbose,  // with the whole command instead
  };
  Verbosity verbosity = Verbosity::kNormal;
  size_t parallelism = 1;             // %c goes over so many commands
  std::optional<std::string> status;  // --status; without it NINJA_STATUS counts
  std::FILE* out = stdout;
  std::FILE* err = stderr;
};

// Not thread-safe.
class NinjaStatus : public engine::BuildStatus {
 public:
  explicit NinjaStatus(const NinjaStatusOptions& options);

  // The graph whose edges the following calls name; it must outlive them.
  void set_graph(const ninja::Graph& graph) { graph_ = &graph; }

  void total_changed(const engine::WorkTotal& total) override { progress_.set_total(total); }
  // Throws a user Error when NINJA_STATUS or --status is wrong.
  void build_started() override;
  void edge_started(ninja::EdgeId edge, int64_t start_ms) override;
  void edge_finished(const engine::EdgeEnd& end) override;
  void build_finished() override;

  void info(const std::string& text) override;
  void warning(const std::string& text) override;
  void error(const std::string& text) override;
  void explanation(ninja::EdgeId edge, const std::string& text) override;

 private:
  bool is_console(ninja::EdgeId edge) const { return graph_->has(edge, ninja::kConsole); }
  void print_status(ninja::EdgeId edge);
  void print_explanations(ninja::EdgeId edge);
  void print_failure(const engine::EdgeEnd& end);
  void print_line(std::FILE* stream, const std::string& line);

  const NinjaStatusOptions options_;
  const TerminalTraits terminal_;
  LinePrinter printer_;
  BuildProgress progress_;
  std::optional<StatusFormat> format_;
  const ninja::Graph* graph_ = nullptr;
  std::unordered_map<ninja::EdgeId, std::vector<std::string>> explanations_;
};

}  // namespace cntr::cli
