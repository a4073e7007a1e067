#include "build/sif_environment.h"

#include <algorithm>
#include <set>

#include "base/file_system.h"
#include "base/text.h"
#include "build/image_path.h"

namespace cntr::build {
namespace {

const std::string kScripts = ".singularity.d/env";

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Bash lets nobody set the three.
bool is_shell_name(const std::string& name) {
  return !name.empty() && !is_digit(name.front()) && name != "UID" && name != "EUID" &&
         name != "PPID" &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c); });
}

}  // namespace

bool has_sif_scripts(const std::string& root_directory) {
  // Apptainer makes directories, no links.
  for (const char* const path : {"/.singularity.d", "/.singularity.d/env"}) {
    const auto info = stat_link(root_directory + path);
    if (!info || info->kind != FileKind::kDirectory) return false;
  }
  const std::vector<std::string> names = list_directory(root_directory + "/" + kScripts);
  const bool has_scripts = std::any_of(
      names.begin(), names.end(), [](const std::string& name) { return name.ends_with(".sh"); });
  return has_scripts && is_in_image(root_directory, "/bin/sh");
}

std::vector<std::string> command_with_sif_environment(const std::vector<std::string>& declared,
                                                      const std::string& search_path,
                                                      const std::vector<std::string>& argv) {
  std::string keep;
  std::string put_back;
  const std::set<std::string> names(declared.begin(), declared.end());
  for (const std::string& name : names) {
    if (!is_shell_name(name)) continue;
    const std::string copy = "__cntr_" + name;
    keep += copy + "=$" + name + "\n";
    put_back += "export " + name + "=\"$" + copy + "\"\nunset " + copy + "\n";
  }
  if (!search_path.empty() && !names.contains("PATH")) {
    put_back += "export PATH=" + shell_quoted(search_path) + "${PATH:+:$PATH}\n";
  }
  // In a function, so that a script's `set -- ...` leaves the command alone.
  const std::string text = keep + "__cntr_read() {\n  for __cntr_script in /" + kScripts +
                           "/*.sh; do\n    if [ -f \"$__cntr_script\" ] && [ -r \"$__cntr_script\" "
                           "]; then . \"$__cntr_script\"; fi\n  done\n}\n__cntr_read\n" +
                           put_back + "unset __cntr_script\nexec \"$@\"\n";
  std::vector<std::string> out = {"/bin/sh", "-c", text, "sh"};
  out.insert(out.end(), argv.begin(), argv.end());
  return out;
}

}  // namespace cntr::build
