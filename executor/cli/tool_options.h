// The options behind `-t <tool>`, read as getopt_long does it: "-ab", "-dX", "-d X", "--name",
// "--name=X", unique beginnings of long names; operands may stand between options; "--" ends them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cntr::cli {

struct ToolOption {
  char letter = '\0';
  std::string_view long_name;  // "" for none
  bool has_value = false;
};

struct ParsedToolOptions {
  struct Given {
    char letter = '\0';
    std::string value;
  };
  std::vector<Given> options;  // in their order, up to a mistake
  std::vector<std::string> operands;
  std::string mistake;  // a line as getopt_long prints it; "" for none

  bool has(char letter) const;
};

// Without any long name, "--x" is the letters "-" and "x", as getopt has it.
ParsedToolOptions parse_tool_options(std::string_view tool,
                                     const std::vector<std::string>& arguments,
                                     const std::vector<ToolOption>& known);

}  // namespace cntr::cli
