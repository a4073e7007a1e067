// Apptainer, and Singularity, from which it comes: containers for ordinary users, without a daemon.
// Both take the same options; they differ in the names of their variables.
#pragma once

#include <string>
#include <vector>

#include "runner/runner.h"

namespace cntr::runner {

// Where the programs are, the beginning of the names of variables for the container
// ("APPTAINERENV_"), and the variables that the program itself needs ("NAME=value").
struct ApptainerProgram {
  std::string supervisor;
  std::string apptainer;
  std::string init;
  std::string variable_prefix;
  std::vector<std::string> environment;
};

// Pure. Values of the step's variables are never on a command line.
Command plan_apptainer(const Sandbox& sandbox, const ApptainerProgram& program);

const Runner& apptainer_runner();
const Runner& singularity_runner();

}  // namespace cntr::runner
