#include "env/conda_meta.h"

#include <array>
#include <set>

#include "base/file_system.h"
#include "base/json.h"
#include "base/json_reader.h"

namespace cntr::env {
namespace {

// What the lock and the installation say better than the package's index.json.
const std::set<std::string>& own_keys() {
  static const std::set<std::string> keys = {"channel",
                                             "constrains",
                                             "depends",
                                             "extracted_package_dir",
                                             "files",
                                             "fn",
                                             "link",
                                             "md5",
                                             "noarch",
                                             "package_tarball_full_path",
                                             "paths_data",
                                             "requested_spec",
                                             "requested_specs",
                                             "sha256",
                                             "size",
                                             "subdir",
                                             "url"};
  return keys;
}

void write_texts(JsonWriter& json, const char* key, const std::vector<std::string>& texts) {
  json.key(key).begin_array();
  for (const std::string& text : texts) json.value(text);
  json.end_array();
}

void write_index(JsonWriter& json, const InstalledPackage& package) {
  const JsonNode index = JsonNode::parse(package.info.index, "info/index.json");
  for (const auto& [key, value] : index.members()) {
    if (own_keys().contains(key)) continue;
    json.key(key);
    value.write(json);
  }
  write_texts(json, "depends", package.lock.depends.value_or(package.info.depends));
  write_texts(json, "constrains",
              package.lock.constrains.value_or(optional_texts(index, "constrains")));
}

void write_source(JsonWriter& json, const LockedPackage& lock, const PackageInfo& info) {
  json.key("channel").value(recorded_channel(lock));
  json.key("fn").value(lock.file_name);
  json.key("url").value(recorded_url(lock));
  json.key("subdir").value(lock.subdir);
  if (lock.sha256) json.key("sha256").value(lock.sha256->hex());
  if (!lock.md5.empty()) json.key("md5").value(lock.md5);
  if (lock.size) json.key("size").value(*lock.size);
  if (info.noarch != Noarch::kNo) {
    json.key("noarch").value(info.noarch == Noarch::kPython ? "python" : "generic");
  }
}

void write_path(JsonWriter& json, const RecordedPath& path) {
  json.begin_object();
  json.key("_path").value(path.path);
  json.key("path_type").value(path.type);
  if (path.source == nullptr) {
    json.key("size_in_bytes").value(path.size);
  } else {
    const PackagePath& source = *path.source;
    if (!source.placeholder.empty()) {
      json.key("file_mode").value(source.mode == FileMode::kText ? "text" : "binary");
      json.key("prefix_placeholder").value(source.placeholder);
    }
    if (source.no_link) json.key("no_link").value(true);
    if (!source.sha256.empty()) json.key("sha256").value(source.sha256);
    if (source.size) json.key("size_in_bytes").value(*source.size);
  }
  if (path.digest) json.key("sha256_in_prefix").value(path.digest->hex());
  json.end_object();
}

}  // namespace

std::string public_url(const std::string& url) {
  std::string out = url;
  const size_t host = out.find("://");
  if (host == std::string::npos || out.starts_with("file:")) return out;
  const size_t begin = host + 3;
  const size_t at = out.find('@', begin);
  if (at != std::string::npos && at < out.find('/', begin)) out.erase(begin, at + 1 - begin);
  const size_t path = out.find('/', begin);
  if (path != std::string::npos && out.substr(path, 3) == "/t/") {
    const size_t end = out.find('/', path + 3);
    out.erase(path, end == std::string::npos ? std::string::npos : end - path);
  }
  return out;
}

std::string recorded_channel(const LockedPackage& package) {
  if (!package.channel.starts_with("file:")) return public_url(package.channel);
  return "file:///" + base_name(package.channel);
}

std::string recorded_url(const LockedPackage& package) {
  if (!package.url.starts_with("file:")) return public_url(package.url);
  return recorded_channel(package) + "/" + package.subdir + "/" + package.file_name;
}

std::string conda_meta_record(const InstalledPackage& package) {
  constexpr int kCopied = 3;
  JsonWriter json;
  json.begin_object();
  write_index(json, package);
  write_source(json, package.lock, package.info);
  json.key("files").begin_array();
  for (const RecordedPath& path : package.paths) json.value(path.path);
  json.end_array();
  json.key("paths_data").begin_object();
  json.key("paths").begin_array();
  for (const RecordedPath& path : package.paths) write_path(json, path);
  json.end_array();
  json.key("paths_version").value(1);
  json.end_object();
  json.key("link").begin_object();
  json.key("source").value("");
  json.key("type").value(kCopied);
  json.end_object();
  json.key("extracted_package_dir").value("");
  json.key("package_tarball_full_path").value("");
  json.key("requested_spec").value("");
  write_texts(json, "requested_specs", {});
  json.end_object();
  return json.text() + "\n";
}

std::string conda_meta_history(const std::vector<const LockedPackage*>& packages) {
  std::string out =
      "==> 1980-01-01 00:00:00 <==\n"
      "# cmd: cntr env build\n";
  for (const LockedPackage* const package : packages) {
    out += "+" + recorded_channel(*package) + "/" + package->subdir + "::" + package->name + "-" +
           package->version + "-" + package->build + "\n";
  }
  return out;
}

std::string conda_meta_frozen() {
  JsonWriter json;
  json.begin_object();
  json.key("message").value(
      "This environment is one file that nothing changes. Change its lock and build it again with "
      "cntr.");
  json.end_object();
  return json.text() + "\n";
}

std::string conda_meta_state(const std::vector<spec::Variable>& variables) {
  JsonWriter json;
  json.begin_object();
  json.key("env_vars").begin_object();
  for (const spec::Variable& variable : variables) json.key(variable.name).value(variable.value);
  json.end_object();
  json.end_object();
  return json.text() + "\n";
}

}  // namespace cntr::env
