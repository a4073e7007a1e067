// The cntr-generate program: reads what the CMake functions recorded, checks the workflow as a
// whole, and writes it as a Ninja graph.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "base/error.h"
#include "base/file_system.h"
#include "base/text.h"
#include "ninja_writer.h"
#include "spec/workflow.h"

namespace {

struct Options {
  std::string build = ".";
  std::string output;
  std::string cntr;
};

// The program that lies beside this one.
std::string default_cntr() {
  return cntr::parent_path(cntr::read_link("/proc/self/exe")) + "/cntr";
}

void generate(const Options& options) {
  const std::string start = cntr::normal_path(options.build, cntr::current_directory());
  const cntr::spec::Workflow workflow =
      cntr::spec::read_workflow(cntr::spec::find_workflow_directory(start));
  const std::vector<std::string> problems = cntr::spec::problems_of(workflow);
  if (!problems.empty()) {
    throw cntr::user_error("The workflow cannot be built", problems);
  }
  const std::string output =
      options.output.empty() ? workflow.directory + "/workflow.ninja" : options.output;
  const std::string cntr = options.cntr.empty() ? default_cntr() : options.cntr;
  cntr::write_file_if_changed(output, cntr::generator::write_ninja(workflow, cntr));
}

int run(int argc, char** argv) {
  CLI::App app("Writes the container workflow of a configured project as a Ninja graph.",
               "cntr-generate");
  Options options;
  app.add_option("-C,--build", options.build, "The build directory")->capture_default_str();
  app.add_option("-o,--output", options.output, "The graph; default <build>/cntr/workflow.ninja");
  app.add_option("--cntr", options.cntr, "The cntr program; default the one beside this program");
  app.set_version_flag("--version", CNTR_VERSION);
  app.footer("Then: ninja -f <build>/cntr/workflow.ninja. Needs neither CMake nor a compiler.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& failure) {
    return app.exit(failure) == 0 ? 0 : 2;
  }
  generate(options);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const cntr::Error& error) {
    std::fprintf(stderr, "cntr-generate: error: %s\n", error.what());
    return error.kind() == cntr::ErrorKind::kUser ? 2 : 3;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "cntr-generate: internal error: %s\n", failure.what());
    return 4;
  }
}
