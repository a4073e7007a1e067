// The files of a wheel's .dist-info that say what is to be installed. They are hostile: every
// function throws a user Error, which names the file, for what it cannot read.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "env/package_info.h"
#include "env/python.h"

namespace cntr::env {

// INSTALLER, of what Cntr installed.
inline constexpr const char* kWheelInstaller = "cntr\n";

// WHEEL: the version of the format must be 1.
void check_wheel_version(std::string_view text);

// RECORD, lines "path,sha256=<base64>,size": paths to sums. Those without a sum, and with one other
// than SHA-256, are left out.
std::map<std::string, Digest> parse_wheel_record(std::string_view text);

// A file as RECORD lists it.
struct InstalledFile {
  std::string path;
  Digest digest;
  uint64_t size = 0;
};
// A path of the environment as RECORD has it: relative to the directory of the modules.
std::string path_in_record(const std::string& path, const Python& python);
// Sorted by path, with a line for the RECORD itself.
std::string wheel_record_text(std::vector<InstalledFile> files, const std::string& record_path);

// entry_points.txt: its [console_scripts] and [gui_scripts], by name.
std::vector<EntryPoint> parse_wheel_entry_points(std::string_view text);

}  // namespace cntr::env
