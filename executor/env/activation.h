// What activating an environment changes for the programs that run in it, as `conda activate` does
// (CEP 32 for the files; conda/activate.py).
//
// The environment's files are hostile: what is not as it should be is a user Error.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace cntr::env {

struct Activation {
  // CONDA_PREFIX, CONDA_DEFAULT_ENV, CONDA_SHLVL, CONDA_PROMPT_MODIFIER, and those of
  // etc/conda/env_vars.d/*.json and of conda-meta/state; names and values, each name once.
  std::vector<std::pair<std::string, std::string>> variables;
  // etc/conda/activate.d/*.sh at the prefix, in the order in which a shell is to read them.
  std::vector<std::string> scripts;
};

// Of the environment that lies in `directory` now, and at `prefix` for the programs in it.
Activation activation_of(const std::string& directory, const std::string& prefix);

// A search path with the environment's programs in front.
std::string search_path_in(const std::string& prefix, const std::string& search_path);

// A command that reads the scripts and then becomes `argv`. They are read by bash, for which many
// are written, where there is one in the search path, else by /bin/sh. Without scripts it is `argv`
// itself.
std::vector<std::string> activated_command(const std::vector<std::string>& scripts,
                                           const std::vector<std::string>& argv);

}  // namespace cntr::env
