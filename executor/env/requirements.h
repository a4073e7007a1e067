// Requirements files of pip: what a user asks of an environment beside conda's packages.
//
// They are strictly read: a line is a requirement, an option that pip knows in such files and that
// says where packages are or which of them count, or another file (-r, -c). Errors are user Errors
// at the line, with a caret. What a requirement means is pip's business.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "spec/conda_environment.h"

namespace cntr::env {

struct Requirements {
  // As pip is to read them, with absolute paths: requirements and options, and constraints.
  std::vector<std::string> lines;
  std::vector<std::string> constraints;
  // The same as the user wrote them, which say nothing of where the files lie.
  std::vector<std::string> written;
  std::vector<std::string> files;  // that were read, absolute

  bool empty() const { return lines.empty(); }
};

// Adds what the file, or one that it names, says. Throws as well for a file that is not there.
void add_requirements_file(const std::string& path, Requirements& requirements);

// Adds lines of an environment.yml, which lies in `directory`.
void add_requirement_lines(const std::vector<spec::RequestLine>& lines,
                           const std::string& directory, Requirements& requirements);

// The lines of a requirements file without comments and with single blanks, those that end in a
// backslash joined with the next.
std::vector<spec::RequestLine> requirement_lines(std::string_view text, const std::string& path);

}  // namespace cntr::env
