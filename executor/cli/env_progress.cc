#include "cli/env_progress.h"

#include <unistd.h>

namespace cntr::cli {
namespace {

std::string stage_text(env::EnvStage stage) {
  switch (stage) {
    case env::EnvStage::kFetching:
      return "Fetching packages";
    case env::EnvStage::kPacking:
      return "Packing packages";
    case env::EnvStage::kBuildingWheels:
      return "Building wheels";
    case env::EnvStage::kCompiling:
      return "Compiling the Python files of packages";
    case env::EnvStage::kRunningScripts:
      return "Running link scripts";
    case env::EnvStage::kWriting:
      return "Writing the environment";
  }
  return "";
}

std::string progress_text(const std::string& what, size_t done, size_t all) {
  return "[" + std::to_string(done) + "/" + std::to_string(all) + "] " + what;
}

}  // namespace

EnvProgressLine::EnvProgressLine(bool quiet)
    : printer_(stderr, terminal_traits(STDERR_FILENO)), is_shown_(printer_.smart() && !quiet) {}

EnvProgressLine::~EnvProgressLine() { printer_.leave_status(); }

env::EnvProgress EnvProgressLine::progress() {
  if (!is_shown_) return nullptr;
  return
      [this](env::EnvStage stage, size_t done, size_t all) { show(stage_text(stage), done, all); };
}

void EnvProgressLine::show(const std::string& what, size_t done, size_t all) {
  if (is_shown_) printer_.print_status(progress_text(what, done, all));
}

WarningSink EnvProgressLine::warnings() {
  return [this](const std::string& sentence) {
    printer_.print_text("cntr: warning: " + sentence + "\n");
  };
}

}  // namespace cntr::cli
