#include "cli/ninja_status.h"

#include "base/process.h"

namespace cntr::cli {
namespace {

using Verbosity = NinjaStatusOptions::Verbosity;

// With anything but the usual verbosity there is no line worth overprinting.
TerminalTraits printer_traits(TerminalTraits traits, Verbosity verbosity) {
  if (verbosity != Verbosity::kNormal) traits.smart = false;
  return traits;
}

}  // namespace

NinjaStatus::NinjaStatus(const NinjaStatusOptions& options)
    : options_(options),
      terminal_(terminal_traits(fileno(options.out))),
      printer_(options.out, printer_traits(terminal_, options.verbosity)),
      progress_(options.parallelism) {}

void NinjaStatus::build_started() {
  if (!format_) {
    format_ = options_.status ? StatusFormat::from_variables(*options_.status)
                              : StatusFormat::from_placeholders(
                                    environment_variable("NINJA_STATUS").value_or("[%f/%t] "));
  }
  progress_.restart();
}

void NinjaStatus::edge_started(ninja::EdgeId edge, int64_t start_ms) {
  progress_.edge_started(start_ms);
  if (is_console(edge) || printer_.smart()) print_status(edge);
  if (is_console(edge)) printer_.lock_console();
}

void NinjaStatus::edge_finished(const engine::EdgeEnd& end) {
  progress_.edge_finished(end);
  if (is_console(end.edge)) {
    printer_.unlock_console();
  } else {
    print_status(end.edge);
  }
  progress_.edge_left();

  if (end.code != 0) print_failure(end);
  if (end.output.empty()) return;
  printer_.print_text(terminal_.color ? end.output : without_ansi_sequences(end.output));
}

void NinjaStatus::build_finished() {
  printer_.unlock_console();
  printer_.print_text("");
}

void NinjaStatus::info(const std::string& text) { print_line(options_.out, "ninja: " + text); }

void NinjaStatus::warning(const std::string& text) {
  print_line(options_.err, "ninja: warning: " + text);
}

void NinjaStatus::error(const std::string& text) {
  print_line(options_.err, "ninja: error: " + text);
}

void NinjaStatus::explanation(ninja::EdgeId edge, const std::string& text) {
  explanations_[edge].push_back(text);
  if (edge == ninja::kNone) print_explanations(edge);
}

void NinjaStatus::print_status(ninja::EdgeId edge) {
  print_explanations(edge);
  if (options_.verbosity == Verbosity::kQuiet) return;
  std::string description;
  if (options_.verbosity != Verbosity::kVerbose) {
    description = graph_->binding(edge, "description");
  }
  if (description.empty()) description = graph_->command(edge);
  printer_.print_status(format_->text(progress_, description));
}

void NinjaStatus::print_explanations(ninja::EdgeId edge) {
  const auto found = explanations_.extract(edge);
  if (found.empty()) return;
  printer_.print_text("");
  for (const std::string& text : found.mapped()) {
    print_line(options_.err, "ninja explain: " + text);
  }
}

void NinjaStatus::print_failure(const engine::EdgeEnd& end) {
  std::string failed = "FAILED: [code=" + std::to_string(end.code) + "] ";
  if (terminal_.color) failed = "\x1b[31m" + failed + "\x1b[0m";
  for (const auto& outputs : {graph_->outputs(end.edge), graph_->dyndep_outputs(end.edge)}) {
    for (const ninja::NodeId output : outputs) failed += std::string(graph_->path(output)) + " ";
  }
  printer_.print_text(failed + "\n");
  printer_.print_text(graph_->command(end.edge) + "\n");
}

void NinjaStatus::print_line(std::FILE* stream, const std::string& line) {
  printer_.leave_status();
  const std::string whole = line + "\n";
  std::fwrite(whole.data(), 1, whole.size(), stream);
  std::fflush(stream);
}

}  // namespace cntr::cli
