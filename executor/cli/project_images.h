// The images of a project, as the commands name them.
#pragma once

#include <string>
#include <vector>

#include "spec/workflow.h"

namespace cntr::cli {

// The workflow of the build tree that `directory` lies in.
spec::Workflow open_workflow(const std::string& directory);

// The images of these names, or all. Throws a user Error for a name that no image has, with those
// there are.
std::vector<const spec::Image*> images_named(const spec::Workflow& workflow,
                                             const std::vector<std::string>& names);

}  // namespace cntr::cli
