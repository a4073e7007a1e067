// What a conda package says of itself, in the files below info/ (CEP 34).
//
// They are hostile: JSON is read strictly, each value that is used is checked, and paths that would
// leave the package are refused. What is not known is ignored. Every function throws a user Error
// that names the file, not the package.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "env/prefix.h"

namespace cntr::env {

// The files of a package that are read, by path: "info/index.json".
using InfoFiles = std::map<std::string, std::string>;

// Whether a file of a package is one of them.
bool is_read_info_file(std::string_view path);

enum class Noarch { kNo, kGeneric, kPython };

// How a package says that a path is to be put into the prefix.
enum class PathType { kHardLink, kSoftLink, kDirectory };

struct PackagePath {
  std::string path;  // relative, normal
  PathType type = PathType::kHardLink;
  std::string placeholder;  // "" when there is none to replace
  FileMode mode = FileMode::kText;
  bool no_link = false;
  std::string sha256;            // of the file as it is packed; "" when it is not said
  std::optional<uint64_t> size;  // the same
};

// "command = module:function"
struct EntryPoint {
  std::string command;
  std::string module;
  std::string function;

  bool operator==(const EntryPoint&) const = default;
};

struct PackageInfo {
  std::string name;
  std::string version;
  std::string build;
  uint64_t build_number = 0;
  std::string subdir;
  Noarch noarch = Noarch::kNo;
  std::vector<std::string> depends;       // match specs
  std::string python_site_packages_path;  // CEP 17; "" for the default
  bool has_paths_json = false;            // else the older lists were read
  std::vector<PackagePath> paths;         // in the package's order; no path twice
  std::vector<EntryPoint> entry_points;
  std::string index;  // the text of index.json

  std::string dist() const { return name + "-" + version + "-" + build; }
};

PackageInfo parse_package_info(const InfoFiles& files);

// A path as archives and lists have it, without "./" and doubled slashes. Throws unless it stays
// below the root. `what` stands before the path in the message.
std::string normal_package_path(std::string_view path, const std::string& what);

// "bsdiff4 = bsdiff4.cli:main_bsdiff4"
EntryPoint parse_entry_point(const std::string& text);

// "3.11" of "3.11.2"; throws when the version begins otherwise.
std::string python_minor_version(const std::string& version);

}  // namespace cntr::env
