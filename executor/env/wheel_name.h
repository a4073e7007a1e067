// The name of a wheel's file (PyPA specifications, binary distribution format):
// <name>-<version>[-<build>]-<python>-<abi>-<platform>.whl
#pragma once

#include <string>

#include "base/error.h"

namespace cntr::env {

struct WheelName {
  std::string file;     // the whole name
  std::string name;     // normalised: lower case, "-" for runs of "-", "_" and "."
  std::string version;  // as it is written
};

// Of a URL or a path, in which %XX are read. Throws a user Error at `where` when it names no wheel.
WheelName wheel_name_of(const std::string& url, const Location& where);

// "Foo.Bar_baz" -> "foo-bar-baz"
std::string normal_project_name(const std::string& name);

}  // namespace cntr::env
