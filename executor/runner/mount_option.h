// The --mount option, which docker, podman and apptainer have in common: fields in CSV.
#pragma once

#include <string>
#include <vector>

#include "runner/runner.h"

namespace cntr::runner {

bool is_utf8(const std::string& bytes);

// Its value.
std::string mount_option(const std::vector<std::string>& fields);

// A bind mount: {"--mount", "type=bind,source=...,target=..."}, and `read_only` when it is.
std::vector<std::string> bind_option(const Bind& bind, const char* read_only);

// Why binds cannot be written so; "" when they can.
std::string refusal_of_binds(const Sandbox& sandbox, const std::string& runner);

}  // namespace cntr::runner
