// Lock files of conda environments: which packages, from where, with which sums. Three formats,
// told by content: explicit lists (CEP 23), conda-lock.yml (version 1) and pixi.lock (versions 4 to
// 7).
//
// Lock files are hostile. Errors are user Errors at the file and, where there is one, the line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "spec/spec.h"

namespace cntr::env {

struct LockedPackage {
  std::string url;  // https://, http:// or file:///
  std::optional<Digest> sha256;
  std::string md5;  // 32 digits, or ""
  std::optional<uint64_t> size;
  std::string name;
  std::string version;
  std::string build;
  std::string channel;    // the URL above the subdir
  std::string subdir;     // "linux-64", "noarch"
  std::string file_name;  // "zlib-1.2.11-h7b6447c_3.conda"
  // The dependencies of the repository's index, when the lock repeats them: they may be more recent
  // than the package's own.
  std::optional<std::vector<std::string>> depends;
  std::optional<std::vector<std::string>> constrains;
  Location where;  // in the lock
};

// What pip would install: a wheel, or a source distribution that a wheel is to be built from.
struct LockedWheel {
  std::string url;
  std::string name;  // normal, see normal_project_name()
  std::string version;
  std::optional<Digest> sha256;
  Location where;
  bool is_source = false;
};

struct EnvLock {
  std::string platform;     // conda's name: "linux-64"
  bool is_ordered = false;  // packages stand in the order in which they are to be installed
  std::vector<LockedPackage> packages;  // no name twice
  std::vector<LockedWheel> wheels;
  // Variables that are set in the environment, by name. No lock says them, but an environment.yml.
  std::vector<spec::Variable> variables;
};

struct LockChoice {
  std::string platform = "linux-64";
  std::string environment = "default";             // of a pixi.lock
  std::vector<std::string> categories = {"main"};  // of a conda-lock.yml
};

// The platform that this program was made for.
std::string host_platform();

// `path` is the lock's absolute path: for messages, and what relative paths in it are relative to.
EnvLock parse_lock(std::string_view text, const std::string& path, const LockChoice& choice);

// Takes a package's URL apart: ".../<channel>/<subdir>/<name>-<version>-<build>.conda". `where` is
// the lock's line.
LockedPackage package_of_url(const std::string& url, const Location& where);

}  // namespace cntr::env
