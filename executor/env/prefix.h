// A conda environment's prefix, and how it is put in the place of the prefix that a package was
// built in. Exactly what conda does (conda/core/portability.py); docs/environments.md says where
// mamba and rattler differ.
#pragma once

#include <string>
#include <string_view>

namespace cntr::env {

// How the placeholder stands in a file, as a package's metadata says.
enum class FileMode { kText, kBinary };

// Throws a user Error unless `prefix` is a normal absolute path, not "/", of at most 200 bytes of
// UTF-8, without white space and what shells or Python give a meaning in quotes.
void check_prefix(const std::string& prefix);

// Replaces the placeholder, which is not empty, by the prefix, in UTF-8, UTF-16 and UTF-32 of both
// byte orders. In a binary file each string that holds it keeps its length: NULs are added at its
// end. In a text file a first line "#!..." of more than 127 bytes becomes "#!/usr/bin/env ...".
//
// True when the content has changed. Throws a user Error when the prefix is longer than the
// placeholder of a binary file, and when the placeholder is no UTF-8.
bool replace_prefix(std::string& content, FileMode mode, std::string_view placeholder,
                    std::string_view prefix);

// The first lines of a script that runs in the interpreter at that path: "#!<path>\n", or, when
// that is longer than Linux takes, one that both sh and Python understand.
std::string python_shebang(const std::string& interpreter);

}  // namespace cntr::env
