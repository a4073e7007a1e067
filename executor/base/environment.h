// The environment of this process, and the programs that its PATH leads to.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cntr {

std::optional<std::string> environment_variable(const std::string& name);
// "NAME=value", all of them.
std::vector<std::string> current_environment();

// The file that a shell would start: `name` itself when it has a slash, else the first executable
// file of that name in `search_path` ("a:b"). nullopt when there is none.
std::optional<std::string> find_program(const std::string& name, std::string_view search_path);
std::string search_path();  // the PATH variable, or the system's default

}  // namespace cntr
