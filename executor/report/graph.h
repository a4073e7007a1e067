// A workflow as a picture's source.
#pragma once

#include <string>

#include "spec/workflow.h"

namespace cntr::report {

// Steps are boxes, images are cylinders, edges carry the file that joins two steps; sources that
// nothing makes are plain text. Paths are shown relative to the build or source directory.
std::string graph_as_dot(const spec::Workflow& workflow);      // Graphviz
std::string graph_as_mermaid(const spec::Workflow& workflow);  // Mermaid flowchart

}  // namespace cntr::report
