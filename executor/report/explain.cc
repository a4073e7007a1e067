#include "report/explain.h"

#include "base/json.h"
#include "base/text.h"

namespace cntr::report {
namespace {

const char* verdict_of(const Explanation& explanation) {
  if (explanation.would_execute) return "execute";
  if (explanation.would_restore) return "restore";
  return "nothing";
}

}  // namespace

std::string explanation_as_text(const Explanation& explanation) {
  const bool is_step = !explanation.step.empty();
  std::string out = is_step ? explanation.step : explanation.output;
  if (!explanation.made_of_file.empty()) {
    out += " (makes " + explanation.made_of_file + ")";
  }
  if (explanation.would_execute) {
    out += " would run:\n";
  } else if (explanation.would_restore) {
    out += " would be restored from the cache:\n";
  } else {
    out += " is up to date.\n";
  }
  for (const std::string& reason : explanation.reasons) out += "  " + reason + "\n";
  if (explanation.would_execute && !explanation.command.empty()) {
    out += "  Its command: " + printable(explanation.command) + "\n";
  }
  if (!explanation.waiting.empty()) {
    out += std::string("  ") + (is_step ? "Steps" : "Files") +
           " before it are not up to date, so this may change: " + join(explanation.waiting, ", ") +
           ".\n";
  }
  return out;
}

std::string explanation_as_json(const Explanation& explanation) {
  JsonWriter out;
  out.begin_object();
  if (explanation.output.empty()) {
    out.key("step").value(explanation.step);
  } else {
    out.key("output").value(explanation.output);
    out.key("command").value(explanation.command);
  }
  out.key("verdict").value(verdict_of(explanation));
  out.key("reasons").begin_array();
  for (const std::string& reason : explanation.reasons) out.value(reason);
  out.end_array();
  out.key("waiting").begin_array();
  for (const std::string& step : explanation.waiting) out.value(step);
  out.end_array();
  out.end_object();
  return out.text();
}

}  // namespace cntr::report
