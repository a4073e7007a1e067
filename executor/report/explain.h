// Why a step would run, in words and as JSON.
#pragma once

#include <string>
#include <vector>

#include "spec/spec.h"

namespace cntr::report {

// What is known of a step; filled from build::StepForecast.
struct Explanation {
  std::string step;
  std::string made_of_file;  // the output that was asked about; "" for a step
  bool would_execute = false;
  bool would_restore = false;
  std::vector<std::string> reasons;
  std::vector<std::string> waiting;  // steps before it that would run first
};

// "monthly would run:\n  input data/weather.csv: content changed\n"
std::string explanation_as_text(const Explanation& explanation);
std::string explanation_as_json(const Explanation& explanation);

}  // namespace cntr::report
