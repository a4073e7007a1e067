// How Ninja writes a path: the form under which a node is known. Purely textual; no file is asked.
//
//   "./a//b/../c" -> "a/c"    "a/.." -> "."    "/a/./b/" -> "/a/b"    "../../a" -> "../../a"
//
// ".." at the root stays ("/../a"), as in ninja. "" stays "". Thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cntr::ninja {

void canonicalize(std::string& path);
// The same in a buffer of `size` bytes; returns the new size, which is never larger. No allocation.
size_t canonicalize(char* path, size_t size);
// Whether canonicalize() would change nothing.
bool is_canonical(std::string_view path);

}  // namespace cntr::ninja
