// Paths as words of a line: every byte outside [!-~] and "%" is written %XX, so no word holds a
// space or a newline. One path has one text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cntr::store {

std::string path_to_text(std::string_view path);
// nullopt for a text that path_to_text() does not write.
std::optional<std::string> path_from_text(std::string_view text);

// True when no component of the path is empty, "." or "..", and no byte is NUL. "a/b" is; "/a", ""
// and "a//b" are not.
bool is_plain_relative_path(std::string_view path);

}  // namespace cntr::store
