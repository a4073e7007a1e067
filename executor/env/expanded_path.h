// Paths in conda's files, in which "~" and variables stand.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace cntr::env {

// Finds a variable of the environment.
using Variables = std::function<std::optional<std::string>(const std::string& name)>;

// With what "$NAME", "${NAME}" and a "~" at the beginning mean. A variable that is not set stays as
// it is.
std::string expanded_path(std::string_view text, const Variables& variables);

}  // namespace cntr::env
