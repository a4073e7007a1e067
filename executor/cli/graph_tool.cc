#include "cli/graph_tool.h"

namespace cntr::cli {

bool read_tool_options(const GraphTool& tool, std::string_view name,
                       const std::vector<ToolOption>& known, std::string_view usage,
                       ParsedToolOptions& options) {
  options = parse_tool_options(name, tool.arguments, known);
  const bool help = options.has('h');
  if (!help && options.mistake.empty()) return true;
  if (!help) tool.err(options.mistake + "\n");
  tool.out(usage);
  return false;
}

}  // namespace cntr::cli
