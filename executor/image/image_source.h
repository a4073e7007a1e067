// What is said about the source of an image, wherever it is read.
#pragma once

#include <string>

#include "base/error.h"
#include "base/file_system.h"
#include "spec/spec.h"

namespace cntr::image {

Error source_changed(const std::string& source);

// A directory or a regular file. Throws a user Error for anything else.
FileKind rootfs_kind(const std::string& rootfs);

// Adds the image to what went wrong in it.
template <typename Action>
auto in_image(const spec::Image& image, const Action& action) {
  try {
    return action();
  } catch (const Error& error) {
    // What is wrong in another file (cntr.lock, .dockerignore) is wrong there.
    if (!error.location().empty()) throw;
    throw Error(error.kind(), "Image " + image.name + ": " + error.message(), image.location,
                error.notes());
  }
}

}  // namespace cntr::image
