// The variables that a SIF's own scripts set (/.singularity.d/env/*.sh), as `apptainer exec` has
// them: what is declared for a step wins over what they say.
//
// The scripts are read inside of the sandbox, by the image's own /bin/sh. So it does not matter
// which runner the step has, and nothing that a hostile image says is evaluated on the host.
#pragma once

#include <string>
#include <vector>

namespace cntr::build {

// Whether the root file system in the directory has such scripts and a shell to read them. No
// symbolic link of it leads outside.
bool has_sif_scripts(const std::string& root_directory);

// A command that reads the scripts, gives the variables `declared` the values back that they had
// before, puts `search_path` ("" for none) in front of a PATH that is not declared, and then
// becomes `argv`. A name that no shell takes for a variable's keeps its value or is lost, as the
// shell likes.
std::vector<std::string> command_with_sif_environment(const std::vector<std::string>& declared,
                                                      const std::string& search_path,
                                                      const std::vector<std::string>& argv);

}  // namespace cntr::build
