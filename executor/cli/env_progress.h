// Shows people how far the making of an environment is: one line on standard error that is
// overprinted, when that is a terminal; nothing elsewhere.
#pragma once

#include "base/warning.h"
#include "cli/line_printer.h"
#include "env/env_builder.h"

namespace cntr::cli {

// For one environment. Not thread-safe: EnvProgress is called by one thread at a time.
class EnvProgressLine {
 public:
  explicit EnvProgressLine(bool quiet = false);
  // Ends the line.
  ~EnvProgressLine();
  EnvProgressLine(const EnvProgressLine&) = delete;
  EnvProgressLine& operator=(const EnvProgressLine&) = delete;

  // These must not outlive the object.
  env::EnvProgress progress();
  WarningSink warnings();  // as cli::warnings(), on lines of their own

  // Of work that has no stages: "[3/147] Verifying packages".
  void show(const std::string& what, size_t done, size_t all);

 private:
  LinePrinter printer_;
  bool is_shown_;
};

}  // namespace cntr::cli
