#include "env/activation.h"

#include <algorithm>

#include "base/error.h"
#include "base/file_system.h"
#include "base/json_reader.h"
#include "base/text.h"

namespace cntr::env {
namespace {

using VariableList = std::vector<std::pair<std::string, std::string>>;

// Names in a directory of the environment, in byte order; none when it is not there.
std::vector<std::string> names_in(const std::string& directory) {
  const auto stat = stat_link(directory);
  if (!stat || stat->kind != FileKind::kDirectory) return {};
  return list_directory(directory);
}

bool is_variable_name(const std::string& name) {
  return !name.empty() && name.find('=') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

void set(VariableList& variables, const std::string& name, const std::string& value) {
  const auto found = std::find_if(variables.begin(), variables.end(),
                                  [&](const auto& variable) { return variable.first == name; });
  if (found == variables.end()) {
    variables.emplace_back(name, value);
  } else {
    found->second = value;
  }
}

void add_variables_of_file(const JsonNode& json, VariableList& variables) {
  for (const auto& [variable, value] : json.members()) {
    if (!is_variable_name(variable)) {
      throw json.error("has " + quote(variable) + ", which is no name of a variable");
    }
    set(variables, variable, value.text());
  }
}

// A later file wins.
void add_variables_of_packages(const std::string& directory, const std::string& prefix,
                               VariableList& variables) {
  const std::string folder = "/etc/conda/env_vars.d";
  for (const std::string& name : names_in(directory + folder)) {
    const std::string file = folder + "/" + name;
    add_variables_of_file(JsonNode::parse(read_file(directory + file), prefix + file), variables);
  }
}

// Those that the environment itself sets, over those of its packages.
void add_variables_of_environment(const std::string& directory, const std::string& prefix,
                                  VariableList& variables) {
  const std::string file = "/conda-meta/state";
  const auto text = read_file_if_exists(directory + file);
  if (!text) return;
  const auto json = JsonNode::parse(*text, prefix + file).find("env_vars");
  if (json) add_variables_of_file(*json, variables);
}

}  // namespace

Activation activation_of(const std::string& directory, const std::string& prefix) {
  Activation out;
  // conda calls an environment by its name only in a folder "envs".
  const std::string name = base_name(parent_path(prefix)) == "envs" ? base_name(prefix) : prefix;
  out.variables = {{"CONDA_PREFIX", prefix},
                   {"CONDA_DEFAULT_ENV", name},
                   {"CONDA_SHLVL", "1"},
                   {"CONDA_PROMPT_MODIFIER", "(" + name + ") "}};
  add_variables_of_packages(directory, prefix, out.variables);
  add_variables_of_environment(directory, prefix, out.variables);
  const std::string folder = "/etc/conda/activate.d";
  for (const std::string& script : names_in(directory + folder)) {
    if (script.ends_with(".sh")) out.scripts.push_back(prefix + folder + "/" + script);
  }
  return out;
}

std::string search_path_in(const std::string& prefix, const std::string& search_path) {
  return prefix + "/bin" + (search_path.empty() ? "" : ":" + search_path);
}

std::vector<std::string> activated_command(const std::vector<std::string>& scripts,
                                           const std::vector<std::string>& argv) {
  if (scripts.empty()) return argv;
  std::string text;
  for (const std::string& script : scripts) text += ". " + shell_quoted(script) + "\n";
  text += "exec \"$@\"\n";
  std::vector<std::string> out = {
      "/bin/sh",
      "-c",
      "if command -v bash >/dev/null; then exec bash -c \"$@\"; else exec /bin/sh -c \"$@\"; fi",
      "sh",
      text,
      "activate"};
  out.insert(out.end(), argv.begin(), argv.end());
  return out;
}

}  // namespace cntr::env
