// Writes conda packages for the tests, good ones and hostile ones.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "archive_builder.h"
#include "base/file_system.h"

namespace cntr::env {

// A member of a zip archive, and what its records say of it.
struct ZipPart {
  std::string name;
  std::string content;
  int method = 0;
  int flags = 0;
  uint64_t claimed_size = UINT64_MAX;  // that of the content
};
std::string stored_zip(const std::vector<ZipPart>& parts, const std::string& comment = "");

// A .conda package of these archives.
std::string conda_package(const std::string& info_tar, const std::string& payload_tar);
// A .tar.bz2 package.
std::string old_package(const std::string& tar);

// info/index.json of the package "demo", version 1.0, build "0"; `more` are further members, each
// after a comma.
std::string index_json(const std::string& more = "");
// info/paths.json of these entries, each a JSON object.
std::string paths_json(const std::vector<std::string>& entries);
// A plain file in paths.json.
std::string path_entry(const std::string& path, const std::string& more = "");

// A descriptor that reads these bytes.
UniqueFd file_of(const std::string& bytes);

}  // namespace cntr::env
