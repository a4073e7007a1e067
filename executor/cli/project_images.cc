#include "cli/project_images.h"

#include <algorithm>

#include "base/error.h"
#include "base/file_system.h"
#include "base/text.h"

namespace cntr::cli {

spec::Workflow open_workflow(const std::string& directory) {
  return spec::read_workflow(
      spec::find_workflow_directory(normal_path(directory, current_directory())));
}

std::vector<const spec::Image*> images_named(const spec::Workflow& workflow,
                                             const std::vector<std::string>& names) {
  std::vector<const spec::Image*> out;
  for (const spec::Image& image : workflow.images) {
    if (names.empty()) out.push_back(&image);
  }
  for (const std::string& name : names) {
    const auto found = std::find_if(workflow.images.begin(), workflow.images.end(),
                                    [&](const spec::Image& image) { return image.name == name; });
    if (found == workflow.images.end()) {
      throw user_error(
          "There is no image " + quote(name),
          {workflow.index.images.empty() ? "The project declares none."
                                         : "Images: " + join(workflow.index.images, ", ") + "."});
    }
    out.push_back(&*found);
  }
  return out;
}

}  // namespace cntr::cli
