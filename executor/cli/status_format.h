// What stands before (or around) the description of a command: NINJA_STATUS, "[%f/%t] ", or the
// option --status, "[$finished/$total] $description".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/build_progress.h"

namespace cntr::cli {

class StatusFormat {
 public:
  // Placeholders as ninja-build.org/manual.html#_environment_variables lists them. The description
  // follows at the end. Throws a user Error for any other.
  static StatusFormat from_placeholders(std::string_view text);
  // Variables in the syntax of manifests; the description stands where $description does. Throws
  // a user Error for an unknown one, and for a `$` that starts none.
  static StatusFormat from_variables(std::string_view text);

  std::string text(const BuildProgress& progress, const std::string& description) const;

 private:
  // A field by the letter of its placeholder, or text (letter 0).
  struct Part {
    char letter = 0;
    std::string literal;
  };

  void add_text(std::string_view text);
  void add_field(char letter) { parts_.push_back({letter, ""}); }

  std::vector<Part> parts_;
};

}  // namespace cntr::cli
