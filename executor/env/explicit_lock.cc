// "@EXPLICIT" lists, as `conda list --explicit` and conda-lock write them (CEP 23).
#include <algorithm>

#include "base/environment.h"
#include "base/file_system.h"
#include "base/text.h"
#include "env/expanded_path.h"
#include "env/lock_formats.h"
#include "env/wheel_name.h"

namespace cntr::env {
namespace {

void read_sum(std::string_view sum, LockedPackage& package) {
  const auto digest = Digest::parse(sum);
  const bool is_md5 =
      sum.size() == 32 && sum.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  if (!digest && !is_md5) {
    throw user_error_at(package.where, quote(sum) + " is no MD5 or SHA-256 sum");
  }
  package.sha256 = digest;
  if (is_md5) package.md5 = sum;
}

LockedPackage read_line(std::string_view line, const Location& where) {
  const size_t hash = line.rfind('#');
  const std::string url =
      absolute_url(expanded_path(line.substr(0, hash), environment_variable), where.file);
  LockedPackage out = package_of_url(url, where);
  if (hash != std::string_view::npos) read_sum(line.substr(hash + 1), out);
  return out;
}

// "name @ URL#sha256=<digits>", as conda-lock writes it, and "&subdirectory=<path>" as pip does.
LockedWheel read_wheel(std::string_view line, const Location& where) {
  constexpr std::string_view kSum = "#sha256=";
  constexpr std::string_view kSubdirectory = "&subdirectory=";
  const size_t at = line.find(" @ ");
  const std::string_view url = at == std::string_view::npos ? "" : trimmed(line.substr(at + 3));
  const size_t hash = url.rfind(kSum);
  const bool has_sum = hash != std::string_view::npos;
  const std::string_view fragment = has_sum ? url.substr(hash + kSum.size()) : "";
  const size_t more = std::min(fragment.find(kSubdirectory), fragment.size());
  const auto sum = Digest::parse(has_sum ? "sha256:" + std::string(fragment.substr(0, more)) : "");
  if (!sum) {
    throw user_error_at(where, "No package of pip can be read here",
                        {"Expected: # pip NAME @ URL#sha256=<64 digits>."});
  }
  LockedWheel out;
  out.url = absolute_url(std::string(url.substr(0, hash)), where.file);
  if (more < fragment.size()) out.url += "#" + std::string(fragment.substr(more + 1));
  subdirectory_of(out.url, where);
  out.name = normal_project_name(std::string(trimmed(line.substr(0, at))));
  out.is_source = names_source(out.url);
  out.sha256 = sum;
  out.where = where;
  const WheelName name = file_name_of(out);
  out.version = name.version;
  if (name.name != out.name) {
    throw user_error_at(where, "The wheel at that URL is of " + quote(name.name));
  }
  return out;
}

}  // namespace

bool is_explicit_lock(std::string_view text) {
  for (const std::string& line : split(text, '\n')) {
    if (trimmed(line) == "@EXPLICIT") return true;
  }
  return false;
}

EnvLock parse_explicit_lock(std::string_view text, const std::string& path,
                            const LockChoice& choice) {
  constexpr std::string_view kPlatform = "# platform:";
  constexpr std::string_view kWheel = "# pip ";
  EnvLock out;
  out.platform = choice.platform;
  out.is_ordered = true;
  Location where{path, 0, 0};
  for (const std::string& whole_line : split(text, '\n')) {
    ++where.line;
    const std::string_view line = trimmed(whole_line);
    if (line.starts_with(kPlatform)) {
      const std::string_view platform = trimmed(line.substr(kPlatform.size()));
      if (platform == choice.platform) continue;
      throw user_error_at(where, "The lock is for " + escaped(platform) + ", the environment for " +
                                     choice.platform);
    }
    if (line.starts_with(kWheel)) {
      out.wheels.push_back(read_wheel(trimmed(line.substr(kWheel.size())), where));
      continue;
    }
    if (line.empty() || line[0] == '#' || line == "@EXPLICIT") continue;
    if (line.find('\0') != std::string_view::npos) throw user_error_at(where, "A NUL character");
    out.packages.push_back(read_line(line, where));
  }
  return out;
}

}  // namespace cntr::env
