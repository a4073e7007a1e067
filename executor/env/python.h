// The Python of an environment, and where it wants the files of packages that fit any Python
// (noarch: python; CEP 17, CEP 20).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "env/package_info.h"

namespace cntr::env {

struct Python {
  std::string minor_version;  // "3.11"
  std::string site_packages;  // relative to the prefix

  std::string interpreter() const { return "bin/python" + minor_version; }
};

// What the package named "python" says. Throws a user Error when it says nonsense.
Python python_of(const PackageInfo& package);

// Where a path of a package lies in the prefix. A package that fits any Python needs one: throws a
// user Error when there is none.
std::string path_in_prefix(const PackageInfo& package, const std::string& path,
                           const std::optional<Python>& python);

// Where Python looks for the compiled form of a module: "a/__pycache__/b.cpython-311.pyc".
std::string pyc_path(std::string_view source, const Python& python);

// The script bin/<command>, as conda writes it.
std::string entry_point_script(const EntryPoint& entry, const Python& python,
                               const std::string& prefix);

}  // namespace cntr::env
