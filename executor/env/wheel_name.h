// The names of files that pip installs (PyPA specifications, binary and source distribution
// formats): <name>-<version>[-<build>]-<python>-<abi>-<platform>.whl, <name>-<version>.tar.gz
#pragma once

#include <string>

#include "base/error.h"
#include "env/lock.h"

namespace cntr::env {

struct WheelName {
  std::string file;     // the whole name
  std::string name;     // normalised: lower case, "-" for runs of "-", "_" and "."
  std::string version;  // as it is written
};

// Of a URL or a path, in which %XX are read. Throws a user Error at `where` when it names no wheel.
WheelName wheel_name_of(const std::string& url, const Location& where);

// Whether the URL or path names an archive in which pip takes a source distribution: .tar.gz, .tgz,
// .tar.bz2, .tar.xz, .zip.
bool names_source(const std::string& url);

// The same of the source distribution of a project. The version is the file's name without end
// where it does not begin with the project's, as for archives of a repository ("v1.0"). Throws a
// user Error for what names none.
WheelName source_name_of(const std::string& url, const std::string& project, const Location& where);

// Of whichever of both the lock has.
WheelName file_name_of(const LockedWheel& wheel);

// The directory of an archive that a project is in, as pip writes it behind the URL:
// "#subdirectory=<path>". "" for the archive itself. Throws a user Error at `where` for a path that
// may leave the archive, or has characters that a line cannot hold.
std::string subdirectory_of(const std::string& url, const Location& where);

// The URL or path without what stands behind its '#'.
std::string without_fragment(const std::string& url);

// "Foo.Bar_baz" -> "foo-bar-baz"
std::string normal_project_name(const std::string& name);

}  // namespace cntr::env
