// What cl.exe and clang-cl print with /showIncludes, one line a header:
//   Note: including file:   C:\src\a.h
// and before it a line with the source file's name. `deps = msvc` takes the headers from these
// lines and shows the rest; it is read as ninja reads it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cntr::ninja {

inline constexpr std::string_view kDefaultIncludesPrefix = "Note: including file: ";

struct ClOutput {
  std::string text;                   // the other lines, each with "\n" at its end
  std::vector<std::string> includes;  // canonical, each once, in the order of appearance
};

// `prefix` is what such lines begin with in the compiler's language (msvc_deps_prefix); "" means
// the default. Lines end with "\n", "\r\n" or "\r". Headers whose path contains "program files" or
// "microsoft visual studio", in any case, are the system's and left out; so are names with a NUL.
// Before the first such line, lines that end like a C or C++ source file's name are taken for the
// source file's name and dropped. Thread-safe.
ClOutput filter_cl_output(std::string_view output, std::string_view prefix);

}  // namespace cntr::ninja
