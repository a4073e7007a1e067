// What `cntr image` prints.
#pragma once

#include <string>
#include <vector>

#include "image/inspect.h"
#include "spec/workflow.h"

namespace cntr::cli {

struct ReportedImage {
  const spec::Image& image;
  image::ImageView view;
  std::vector<std::string> steps;  // that run in it
};

std::vector<std::string> steps_in(const spec::Workflow& workflow, const spec::Image& image);

// One line an image.
std::string list_as_text(const std::vector<ReportedImage>& images);
std::string inspect_as_text(const ReportedImage& image);
std::string layers_as_text(const ReportedImage& image);
// The same object for each: all that is known.
std::string images_as_json(const std::vector<ReportedImage>& images);

}  // namespace cntr::cli
