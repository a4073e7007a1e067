// Why a step or an edge would run, in words and as JSON.
#pragma once

#include <string>
#include <vector>

#include "spec/spec.h"

namespace cntr::report {

// What is known of a step, filled from build::StepForecast, or of an edge that is no step.
struct Explanation {
  std::string step;          // "" for an edge
  std::string made_of_file;  // the output that was asked about; "" for a step
  std::string output;        // of an edge: the file that was asked about, or an alias
  std::string command;       // of an edge; "" of an alias
  bool would_execute = false;
  bool would_restore = false;
  std::vector<std::string> reasons;
  std::vector<std::string> waiting;  // steps, or files, before it that would be made first
};

// "monthly would run:\n  input data/weather.csv: content changed\n"
std::string explanation_as_text(const Explanation& explanation);
std::string explanation_as_json(const Explanation& explanation);

}  // namespace cntr::report
