// How the planners of podman and apptainer hand a command to cntr-init, the first program in the
// container (init_main.cc). Words are encoded in characters that no shell, JSON or CSV on the way
// changes, so that arguments and variables may have any bytes.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "runner/runner.h"

namespace cntr::runner {

inline constexpr const char* kInitInside = "/run/cntr-init";  // where containers have it

// Letters, digits and /._:=,+@- as they are, any other byte as %XX.
std::string encoded_word(std::string_view text);

// cntr-init's command line in the container.
std::vector<std::string> init_command(const Sandbox& sandbox);

// The step's variables, "CNTR_WORD_0=<encoded NAME=value>" and so on, with PWD.
std::vector<std::string> init_variables(const Sandbox& sandbox);

// The absolute path of cntr-init on the host; found as cntr-supervisor is.
std::string init_program();

// Runs the runner's plan for an empty root and a command that is surely there. Returns what went
// wrong, "" when nothing. An engine that hangs is not waited for longer than that.
std::string try_container(const Runner& runner,
                          std::chrono::seconds patience = std::chrono::seconds(60));

}  // namespace cntr::runner
