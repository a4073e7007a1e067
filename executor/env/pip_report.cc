#include "env/pip_report.h"

#include "base/error.h"
#include "base/file_system.h"
#include "base/json_reader.h"
#include "base/text.h"
#include "env/package_source.h"
#include "env/wheel_name.h"

namespace cntr::env {
namespace {

// pip before 23.1 says "hash", and of some wheels on this machine nothing.
Digest sum_of(const JsonNode& archive, const std::string& url) {
  constexpr std::string_view kSha256 = "sha256=";
  if (const auto hashes = archive.find("hashes")) {
    if (const auto sum = Digest::parse(optional_text(*hashes, "sha256"))) return *sum;
  }
  const std::string older = optional_text(archive, "hash");
  if (older.starts_with(kSha256)) {
    if (const auto sum = Digest::parse("sha256:" + older.substr(kSha256.size()))) return *sum;
  }
  if (url.starts_with("file:///")) {
    const std::string path = path_of_file_url(url);
    const auto stat = stat_file(path);
    if (stat && stat->kind == FileKind::kRegular) return digest_of_file(path);
  }
  throw archive.error("has no SHA-256 sum");
}

LockedWheel read_item(const JsonNode& item) {
  LockedWheel out;
  const JsonNode metadata = item.at("metadata");
  const JsonNode download = item.at("download_info");
  out.url = download.at("url").text();
  const std::string name = metadata.at("name").text();
  const auto archive = download.find("archive_info");
  if (!archive) {
    throw user_error("The package " + quote(name) + " is no file: " + quote(out.url),
                     {"Cntr takes wheels and source distributions. Build a wheel of it with pip "
                      "wheel, and name the directory that it is in with --find-links."});
  }
  out.name = normal_project_name(name);
  out.is_source = names_source(out.url);
  const Digest sum = sum_of(*archive, out.url);
  const std::string subdirectory = optional_text(download, "subdirectory");
  if (!subdirectory.empty()) out.url = without_fragment(out.url) + "#subdirectory=" + subdirectory;
  subdirectory_of(out.url, out.where);
  const WheelName parsed = file_name_of(out);
  out.name = parsed.name;
  out.version = parsed.version;
  out.sha256 = sum;
  return out;
}

}  // namespace

std::vector<LockedWheel> parse_pip_report(std::string_view json, const std::string& where) {
  const JsonNode report = JsonNode::parse(json, where);
  std::vector<LockedWheel> out;
  for (const JsonNode& item : report.at("install").elements()) out.push_back(read_item(item));
  return out;
}

}  // namespace cntr::env
