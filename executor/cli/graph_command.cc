#include <memory>

#include "base/file_system.h"
#include "cli/command.h"
#include "cli/session.h"
#include "report/graph.h"

namespace cntr::cli {
namespace {

struct GraphOptions {
  std::string directory = ".";
  std::string format = "dot";
};

int print_graph(const GraphOptions& options) {
  const std::string start = normal_path(options.directory, current_directory());
  const spec::Workflow workflow = spec::read_workflow(spec::find_workflow_directory(start));
  print(options.format == "mermaid" ? report::graph_as_mermaid(workflow)
                                    : report::graph_as_dot(workflow));
  return kSuccess;
}

}  // namespace

void add_graph_command(CLI::App& app, Action& action) {
  CLI::App* const command = app.add_subcommand("graph", "Print the workflow as a graph");
  const auto options = std::make_shared<GraphOptions>();
  command->add_option("-C,--build", options->directory, "The build directory")
      ->capture_default_str();
  command->add_option("--format", options->format, "dot or mermaid")
      ->check(CLI::IsMember({"dot", "mermaid"}))
      ->capture_default_str();
  command->footer("Example: cntr graph -C build | dot -Tsvg > workflow.svg");
  command->callback([&action, options] { action = [options] { return print_graph(*options); }; });
}

}  // namespace cntr::cli
