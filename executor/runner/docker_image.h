// Images as the Docker engine holds them.
#pragma once

#include <string>

#include "base/digest.h"
#include "runner/runner.h"

namespace cntr::runner {

// The engine's name for the image of an identity.
std::string docker_image_name(const Digest& identity);

// Imports the unpacked tree into the engine, unless it is there already; every file belongs to
// root in it. Safe when several processes do it at once. Thread-safe. Throws an environment Error.
void ensure_docker_image(const Root& root, const std::string& docker);

}  // namespace cntr::runner
