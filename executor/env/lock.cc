#include "env/lock.h"

#include <algorithm>
#include <set>

#include "base/file_system.h"
#include "base/text.h"
#include "env/lock_formats.h"
#include "spec/yaml_map.h"

namespace cntr::env {
namespace {

constexpr size_t kLargestLock = size_t{64} << 20;

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// Letters, digits and a few more: what a file name and a message can hold.
bool is_word(std::string_view text) {
  return !text.empty() && text[0] != '.' && std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < 0x7f && c != '/' && c != '\\' && c != '"' && c != '\'';
  });
}

void check_packages(const EnvLock& lock) {
  std::set<std::string> names;
  for (const LockedPackage& package : lock.packages) {
    if (package.subdir != lock.platform && package.subdir != "noarch") {
      throw user_error_at(package.where, "The package " + package.file_name + " is for " +
                                             package.subdir + ", the environment for " +
                                             lock.platform);
    }
    if (!names.insert(package.name).second) {
      throw user_error_at(package.where, "The package " + package.name + " is there twice");
    }
  }
}

}  // namespace

std::string host_platform() {
#if defined(__x86_64__)
  return "linux-64";
#elif defined(__aarch64__)
  return "linux-aarch64";
#elif defined(__powerpc64__)
  return "linux-ppc64le";
#elif defined(__s390x__)
  return "linux-s390x";
#elif defined(__riscv)
  return "linux-riscv64";
#else
#error "conda has no name for this platform"
#endif
}

LockedPackage package_of_url(const std::string& url, const Location& where) {
  const auto error = [&](const std::string& what) {
    return user_error_at(where, quote(url) + " " + what,
                         {"A package is called by a URL such as "
                          "https://conda.anaconda.org/conda-forge/linux-64/zlib-1.3.1-hb9d3cd8_2"
                          ".conda."});
  };
  LockedPackage out;
  out.url = url;
  out.where = where;
  const bool known =
      url.starts_with("https://") || url.starts_with("http://") || url.starts_with("file:///");
  if (!known) throw error("is no https://, http:// or file:/// URL");
  const size_t slash = url.rfind('/');
  const size_t above = url.rfind('/', slash - 1);
  out.file_name = url.substr(slash + 1);
  std::string_view stem = out.file_name;
  for (const std::string_view end : {".conda", ".tar.bz2"}) {
    if (stem.ends_with(end)) stem.remove_suffix(end.size());
  }
  if (stem.size() == out.file_name.size()) throw error("is no .conda or .tar.bz2 package");
  const size_t build = stem.rfind('-');
  const size_t version = build == 0 || build == std::string_view::npos ? std::string_view::npos
                                                                       : stem.rfind('-', build - 1);
  if (version == std::string_view::npos) throw error("is not named NAME-VERSION-BUILD");
  out.name = stem.substr(0, version);
  out.version = stem.substr(version + 1, build - version - 1);
  out.build = stem.substr(build + 1);
  out.subdir = url.substr(above + 1, slash - above - 1);
  out.channel = url.substr(0, above);
  for (const std::string& word : {out.name, out.version, out.build, out.subdir}) {
    if (!is_word(word)) throw error("is not named NAME-VERSION-BUILD below a platform");
  }
  return out;
}

std::optional<Digest> read_sha256(spec::YamlMap& map) {
  if (!map.has("sha256")) return std::nullopt;
  return map.at("sha256", [](const std::string& text) {
    const auto digest = Digest::parse(text);
    if (!digest) throw user_error(quote(text) + " is no SHA-256 sum");
    return *digest;
  });
}

void read_sums(spec::YamlMap& map, LockedPackage& package) {
  package.sha256 = read_sha256(map);
  if (!map.has("md5")) return;
  package.md5 = map.string("md5");
  if (package.md5.size() != 32 || !is_hex(package.md5)) {
    throw map.error_at("md5", quote(package.md5) + " is no MD5 sum");
  }
}

std::string absolute_url(const std::string& url, const std::string& lock_path) {
  if (url.find("://") != std::string::npos) return url;
  return "file://" + normal_path(url, parent_path(lock_path));
}

EnvLock parse_lock(std::string_view text, const std::string& path, const LockChoice& choice) {
  if (text.size() > kLargestLock)
    throw user_error_at({path, 0, 0}, "The lock is larger than 64 MiB");
  EnvLock out;
  if (is_explicit_lock(text)) {
    out = parse_explicit_lock(text, path, choice);
  } else {
    const YAML::Node document = spec::parse_yaml_document(text, path);
    const bool is_map = document.IsMap();
    spec::YamlMap root(is_map ? document : YAML::Node(YAML::NodeType::Map), path);
    if (root.has("environments")) {
      out = parse_pixi_lock(root, path, choice);
    } else if (root.has("package")) {
      out = parse_conda_lock(root, choice);
    } else {
      throw user_error_at({path, 0, 0}, "This is no lock of a conda environment",
                          {"Known formats: a list of URLs after a line @EXPLICIT, conda-lock.yml, "
                           "pixi.lock."});
    }
  }
  check_packages(out);
  return out;
}

}  // namespace cntr::env
