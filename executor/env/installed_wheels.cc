#include "env/installed_wheels.h"

#include <optional>

#include "base/error.h"
#include "base/file_system.h"
#include "base/json_reader.h"
#include "base/text.h"
#include "env/python.h"
#include "env/wheel_files.h"

namespace cntr::env {
namespace {

// Where the modules of wheels lie, as the record of the package python says.
std::optional<std::string> site_packages_in(const std::string& directory) {
  const std::string records = directory + "/conda-meta";
  for (const std::string& name : list_directory(records)) {
    if (!name.starts_with("python-") || !name.ends_with(".json")) continue;
    const JsonNode record = JsonNode::parse(read_file(records + "/" + name), name);
    if (record.at("name").text() != "python") continue;
    PackageInfo info;
    info.version = record.at("version").text();
    info.python_site_packages_path = optional_text(record, "python_site_packages_path");
    return python_of(info).site_packages;
  }
  return std::nullopt;
}

InstalledWheel read_wheel(const std::string& directory, const std::string& site_packages,
                          const std::string& dist_info) {
  InstalledWheel out;
  out.dist_info = site_packages + "/" + dist_info;
  const std::string record = out.dist_info + "/RECORD";
  const auto text = read_file_if_exists(directory + "/" + record);
  if (!text) throw user_error(quote(record) + " is not there");
  for (const auto& [path, digest] : parse_wheel_record(*text)) {
    const auto inside = path_below(normal_path(path, "/root/" + site_packages), "/root");
    if (!inside || inside->empty()) {
      throw user_error(quote(record) + " lists " + quote(path) + ", outside of the environment");
    }
    out.files.push_back({*inside, digest});
  }
  return out;
}

}  // namespace

std::vector<InstalledWheel> installed_wheels(const std::string& directory) {
  std::vector<InstalledWheel> out;
  const auto site_packages = site_packages_in(directory);
  if (!site_packages || !exists(directory + "/" + *site_packages)) return out;
  for (const std::string& name : list_directory(directory + "/" + *site_packages)) {
    if (!name.ends_with(".dist-info")) continue;
    const std::string described = directory + "/" + *site_packages + "/" + name;
    if (read_file_if_exists(described + "/INSTALLER") != kWheelInstaller) continue;
    out.push_back(read_wheel(directory, *site_packages, name));
  }
  return out;
}

}  // namespace cntr::env
