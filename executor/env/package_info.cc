#include "env/package_info.h"

#include <algorithm>
#include <array>
#include <set>
#include <unordered_set>

#include "base/error.h"
#include "base/json_reader.h"
#include "base/text.h"

namespace cntr::env {
namespace {

constexpr std::string_view kOldPlaceholder = "/opt/anaconda1anaconda2anaconda3";
constexpr size_t kLongestName = 255;  // of a path's component

constexpr std::array<std::string_view, 8> kInfoFiles = {"info/files",
                                                        "info/has_prefix",
                                                        "info/index.json",
                                                        "info/link.json",
                                                        "info/no_link",
                                                        "info/no_softlink",
                                                        "info/package_metadata.json",
                                                        "info/paths.json"};

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

const std::string* find_file(const InfoFiles& files, const std::string& path) {
  const auto found = files.find(path);
  return found == files.end() ? nullptr : &found->second;
}

// Names, versions and builds become parts of file names.
std::string checked_word(const JsonNode& node) {
  std::string out = node.text();
  const bool good = std::all_of(
      out.begin(), out.end(), [](char c) { return c > ' ' && c < 0x7f && c != '/' && c != '\\'; });
  if (out.empty() || out[0] == '.' || !good || out.size() > kLongestName / 2) {
    throw node.error("is " + quote(out) + ", which cannot stand in a file's name");
  }
  return out;
}

Noarch to_noarch(const JsonNode& node) {
  if (!node.is_text()) return node.boolean() ? Noarch::kGeneric : Noarch::kNo;
  const std::string text = node.text();
  if (text == "python") return Noarch::kPython;
  if (text == "generic") return Noarch::kGeneric;
  throw node.error("is " + quote(text) + ", not \"python\" or \"generic\"");
}

void read_index(const std::string& text, PackageInfo& out) {
  const JsonNode root = JsonNode::parse(text, "info/index.json");
  out.index = text;
  out.name = checked_word(root.at("name"));
  out.version = checked_word(root.at("version"));
  out.build = checked_word(root.at("build"));
  if (const auto number = root.find("build_number")) out.build_number = number->number();
  out.subdir = optional_text(root, "subdir");
  if (const auto noarch = root.find("noarch")) out.noarch = to_noarch(*noarch);
  out.depends = optional_texts(root, "depends");
  const auto site = root.find("python_site_packages_path");
  if (site && out.name == "python") {
    out.python_site_packages_path =
        normal_package_path(site->text(), "info/index.json: python_site_packages_path");
  }
}

void read_link(const std::string& text, const std::string& where, PackageInfo& out) {
  const JsonNode root = JsonNode::parse(text, where);
  const JsonNode version = root.at("package_metadata_version");
  if (version.number() != 1) throw version.error("is not 1, which is what this Cntr reads");
  const auto noarch = root.find("noarch");
  if (!noarch) return;
  const Noarch type = to_noarch(noarch->at("type"));
  if (out.noarch == Noarch::kNo) out.noarch = type;
  if (type != Noarch::kPython) return;
  for (const std::string& entry : optional_texts(*noarch, "entry_points")) {
    out.entry_points.push_back(parse_entry_point(entry));
  }
}

FileMode to_file_mode(std::string_view text, const std::string& what) {
  if (text == "text") return FileMode::kText;
  if (text == "binary") return FileMode::kBinary;
  throw user_error(what + " has the file mode " + quote(text) + ", not \"text\" or \"binary\"");
}

PathType to_path_type(const JsonNode& node) {
  const std::string text = node.text();
  if (text == "hardlink") return PathType::kHardLink;
  if (text == "softlink") return PathType::kSoftLink;
  if (text == "directory") return PathType::kDirectory;
  throw node.error("is " + quote(text) + ", not \"hardlink\", \"softlink\" or \"directory\"");
}

PackagePath to_path(const JsonNode& node) {
  PackagePath out;
  out.path = normal_package_path(node.at("_path").text(), "info/paths.json: the path");
  if (const auto type = node.find("path_type")) out.type = to_path_type(*type);
  out.placeholder = optional_text(node, "prefix_placeholder");
  if (const auto mode = node.find("file_mode")) {
    out.mode = to_file_mode(mode->text(), "info/paths.json: " + quote(out.path));
  }
  if (const auto no_link = node.find("no_link")) out.no_link = no_link->boolean();
  if (const auto sum = node.find("sha256")) {
    const auto digest = Digest::parse(sum->text());
    if (!digest) throw sum->error("is " + quote(sum->text()) + ", not a SHA-256 sum");
    out.sha256 = digest->hex();
  }
  if (const auto size = node.find("size_in_bytes")) out.size = size->number();
  return out;
}

void read_paths(const std::string& text, PackageInfo& out) {
  const JsonNode root = JsonNode::parse(text, "info/paths.json");
  const JsonNode version = root.at("paths_version");
  if (version.number() != 1) throw version.error("is not 1, which is what this Cntr reads");
  for (const JsonNode& element : root.at("paths").elements()) out.paths.push_back(to_path(element));
  out.has_paths_json = true;
}

// The lines that say something.
std::vector<std::string> lines_of(const InfoFiles& files, const std::string& path) {
  std::vector<std::string> out;
  const std::string* const text = find_file(files, path);
  if (text == nullptr) return out;
  for (const std::string& line : split(*text, '\n')) {
    const std::string_view content = trimmed(line);
    if (content.empty() || content[0] == '#') continue;
    if (content.find('\0') != std::string_view::npos)
      throw user_error(path + " has a NUL character");
    out.emplace_back(content);
  }
  return out;
}

// Words between white space; what stands in quotes is one word.
std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> out;
  while (!(line = trimmed(line)).empty()) {
    const bool quoted = line[0] == '"' || line[0] == '\'';
    size_t end = quoted ? line.find(line[0], 1) : 0;
    if (end == std::string_view::npos)
      throw user_error("info/has_prefix has a quote without an end");
    if (!quoted)
      end = static_cast<size_t>(std::find_if(line.begin(), line.end(), is_space) - line.begin());
    out.emplace_back(quoted ? line.substr(1, end - 1) : line.substr(0, end));
    line.remove_prefix(std::min(line.size(), end + (quoted ? 1 : 0)));
  }
  return out;
}

struct Placeholder {
  std::string text;
  FileMode mode = FileMode::kText;
};

std::map<std::string, Placeholder> read_has_prefix(const InfoFiles& files) {
  std::map<std::string, Placeholder> out;
  for (const std::string& line : lines_of(files, "info/has_prefix")) {
    const std::vector<std::string> words = words_of(line);
    if (words.size() == 1) {
      out[words[0]] = {std::string(kOldPlaceholder), FileMode::kText};
    } else if (words.size() == 3) {
      out[words[2]] = {words[0], to_file_mode(words[1], "info/has_prefix: " + quote(words[2]))};
    } else {
      throw user_error(
          "info/has_prefix has a line that is neither \"PATH\" nor \"PLACEHOLDER MODE "
          "PATH\": " +
          quote(line));
    }
  }
  return out;
}

// Before there was paths.json (CEP 34, "Deprecated").
void read_older_lists(const InfoFiles& files, PackageInfo& out) {
  const auto placeholders = read_has_prefix(files);
  std::set<std::string> no_link;
  for (const char* const list : {"info/no_link", "info/no_softlink"}) {
    for (std::string& line : lines_of(files, list)) no_link.insert(std::move(line));
  }
  for (const std::string& line : lines_of(files, "info/files")) {
    PackagePath path;
    path.path = normal_package_path(line, "info/files: the path");
    path.no_link = no_link.contains(line);
    const auto found = placeholders.find(line);
    if (found != placeholders.end()) {
      path.placeholder = found->second.text;
      path.mode = found->second.mode;
    }
    out.paths.push_back(std::move(path));
  }
}

// conda-meta/ belongs to the environment (CEP 32).
bool is_reserved(std::string_view path) {
  return path == "conda-meta" || path == "conda-meta/history" || path == "conda-meta/frozen" ||
         (path.starts_with("conda-meta/") && path.ends_with(".json"));
}

void check_paths(const PackageInfo& info) {
  const std::string list = info.has_paths_json ? "info/paths.json" : "info/files";
  std::unordered_set<std::string_view> seen;
  for (const PackagePath& path : info.paths) {
    if (!seen.insert(path.path).second) {
      throw user_error(list + " lists " + quote(path.path) + " twice");
    }
    if (is_reserved(path.path)) {
      throw user_error(list + " lists " + quote(path.path) + ", which belongs to the environment");
    }
  }
}

// As Python has it, but for names that are not ASCII, of which only the bytes are looked at.
bool is_import_path(std::string_view path) {
  bool at_begin = true;
  for (const char c : path) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c < 0;
    const bool digit = c >= '0' && c <= '9';
    if (at_begin ? !letter : !letter && !digit && c != '.') return false;
    at_begin = c == '.';
  }
  return !at_begin;
}

}  // namespace

bool is_read_info_file(std::string_view path) {
  return std::find(kInfoFiles.begin(), kInfoFiles.end(), path) != kInfoFiles.end();
}

std::string normal_package_path(std::string_view path, const std::string& what) {
  const auto error = [&](const char* problem) {
    return user_error(what + " " + quote(path) + " " + problem);
  };
  if (path.empty()) throw error("is empty");
  if (path[0] == '/') throw error("is absolute");
  if (path.find('\0') != std::string_view::npos) throw error("has a NUL character");
  std::vector<std::string> parts;
  for (std::string& part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") throw error("has a component \"..\"");
    if (part.size() > kLongestName) throw error("has a component of more than 255 bytes");
    parts.push_back(std::move(part));
  }
  constexpr size_t kDeepest = 200;
  if (parts.empty()) throw error("names the root directory");
  if (parts.size() > kDeepest) throw error("is more than 200 directories deep");
  return join(parts, "/");
}

EntryPoint parse_entry_point(const std::string& text) {
  const auto error = [&](const std::string& problem) {
    return user_error("info/link.json: the entry point " + quote(text) + " " + problem);
  };
  const size_t equals = text.find('=');
  const size_t colon = text.rfind(':');
  if (equals == std::string::npos || colon == std::string::npos || colon < equals) {
    throw error("is not \"COMMAND = MODULE:FUNCTION\"");
  }
  EntryPoint out;
  out.command = trimmed(std::string_view(text).substr(0, equals));
  std::string_view module = trimmed(std::string_view(text).substr(equals + 1, colon - equals - 1));
  std::string_view function = trimmed(std::string_view(text).substr(colon + 1));
  while (!module.empty() && (module[0] == '"' || module[0] == '\'')) module.remove_prefix(1);
  while (!function.empty() && (function.back() == '"' || function.back() == '\'')) {
    function.remove_suffix(1);
  }
  out.module = trimmed(module);
  out.function = trimmed(function);
  if (out.command.empty() || out.command[0] == '.' || out.command.size() > kLongestName ||
      out.command.find_first_of(std::string_view("/\\\0\n\r", 5)) != std::string::npos) {
    throw error("has a command that is no name of a program");
  }
  if (!is_import_path(out.module)) throw error("does not name a Python module");
  if (!is_import_path(out.function)) throw error("does not name a Python function");
  return out;
}

std::string python_minor_version(const std::string& version) {
  const auto digits = [&](size_t begin) {
    const size_t end = version.find_first_not_of("0123456789", begin);
    return std::min(end, version.size());
  };
  const size_t major = digits(0);
  const size_t minor = major < version.size() ? digits(major + 1) : major;
  if (major == 0 || major >= version.size() || version[major] != '.' || minor == major + 1) {
    throw user_error("The package python has the version " + quote(version) +
                     ", which does not begin with two numbers");
  }
  return version.substr(0, minor);
}

PackageInfo parse_package_info(const InfoFiles& files) {
  PackageInfo out;
  const std::string* const index = find_file(files, "info/index.json");
  if (index == nullptr) throw user_error("it has no info/index.json, so it is no conda package");
  read_index(*index, out);
  if (const std::string* const paths = find_file(files, "info/paths.json")) {
    read_paths(*paths, out);
  } else {
    read_older_lists(files, out);
  }
  check_paths(out);
  for (const char* const path : {"info/link.json", "info/package_metadata.json"}) {
    const std::string* const link = find_file(files, path);
    if (link == nullptr) continue;
    read_link(*link, path, out);
    break;
  }
  return out;
}

}  // namespace cntr::env
