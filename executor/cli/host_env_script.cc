// The scripts by which a shell activates and leaves an environment.
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "base/file_system.h"
#include "base/text.h"
#include "cli/console.h"
#include "cli/exit_codes.h"
#include "cli/host_env.h"
#include "env/activation.h"
#include "mount/mount.h"

namespace cntr::cli {
namespace {

// A shell that is loaded needs so long, at most, to evaluate what it was given.
constexpr std::chrono::seconds kTimeToEvaluate{30};

bool is_shell_name(const std::string& name) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

std::string opened_file(int descriptor) {
  return read_link("/proc/self/fd/" + std::to_string(descriptor));
}

// conda gives an environment in a folder of its own its path as its name; a shell's prompt shall
// say which one it is.
void name_it(env::Activation& activation, const std::string& name) {
  for (auto& [variable, value] : activation.variables) {
    if (variable == "CONDA_DEFAULT_ENV") value = name;
    if (variable == "CONDA_PROMPT_MODIFIER") value = "(" + name + ") ";
  }
}

// Scripts that are to be read when it is left, in the order of that.
std::vector<std::string> scripts_of_leaving(const std::string& prefix) {
  const std::string folder = prefix + "/etc/conda/deactivate.d";
  const auto stat = stat_file(folder);
  if (!stat || stat->kind != FileKind::kDirectory) return {};
  std::vector<std::string> out;
  for (const std::string& name : list_directory(folder)) {
    if (name.ends_with(".sh")) out.push_back(folder + "/" + name);
  }
  std::reverse(out.begin(), out.end());
  return out;
}

std::string read_script(const std::string& path) {
  const std::string word = shell_quoted(path);
  return "  if [ -f " + word + " ]; then . " + word + "; fi\n";
}

std::string set_variable_text(const std::string& name, const std::string& value) {
  return "  _cntr_had_" + name + "=${" + name + "+yes}\n  _cntr_old_" + name + "=${" + name +
         "-}\n  export " + name + "=" + shell_quoted(value) + "\n";
}

std::string restore_variable_text(const std::string& name) {
  return "  if [ -n \"$_cntr_had_" + name + "\" ]; then export " + name + "=\"$_cntr_old_" + name +
         "\"; else unset " + name + "; fi\n  unset _cntr_had_" + name + " _cntr_old_" + name + "\n";
}

// With the search path as it is then, less what was added.
std::string restore_search_path_text(const std::string& prefix) {
  return "  _cntr_bin=" + shell_quoted(prefix + "/bin") +
         "\n  PATH=\":$PATH:\"\n  PATH=${PATH/:$_cntr_bin:/:}\n"
         "  PATH=\"${PATH#:}\"\n  export PATH=\"${PATH%:}\"\n  unset _cntr_bin\n";
}

}  // namespace

std::string activation_script(const HostEnv& env, const build::ShownEnv& shown) {
  env::Activation activation = env::activation_of(env.prefix, env.prefix);
  name_it(activation, env.name);
  std::string on;
  std::string off;
  for (const auto& [name, value] : activation.variables) {
    if (!is_shell_name(name)) {
      throw user_error("The environment " + env.name + " sets the variable " + quote(name) +
                       ", which is no name that a shell can have");
    }
    on += set_variable_text(name, value);
    off += restore_variable_text(name);
  }
  const std::string lock = shell_quoted(opened_file(shown.lock_descriptor()));
  const std::string prefix = shell_quoted(env.prefix);
  std::string out =
      "if command -v cntr_deactivate >/dev/null 2>&1; then cntr_deactivate; fi\n"
      "if [ -e " +
      lock + " ] && exec {_cntr_env_use}<" + lock + " && " +
      shell_quoted(parent_path(read_link("/proc/self/exe")) + "/cntr") +
      " env hold --descriptor \"$_cntr_env_use\" " + prefix + "; then\n" + on;
  out += "  export PATH=" + shell_quoted(env.prefix + "/bin") + "\"${PATH:+:$PATH}\"\n";
  out += "  if [ -n \"${PS1-}\" ]; then _cntr_old_PS1=$PS1; PS1=" +
         shell_quoted("(" + env.name + ") ") + "\"$PS1\"; fi\n";
  out += "cntr_deactivate() {\n";
  for (const std::string& script : scripts_of_leaving(env.prefix)) out += read_script(script);
  out += restore_search_path_text(env.prefix) + off;
  out +=
      "  if [ -n \"${_cntr_old_PS1-}\" ]; then PS1=$_cntr_old_PS1; unset _cntr_old_PS1; fi\n"
      "  hash -r\n  exec {_cntr_env_use}<&-\n  unset _cntr_env_use\n"
      "  unset -f cntr_deactivate\n}\n";
  for (const std::string& script : activation.scripts) out += read_script(script);
  out += "  hash -r\nelse\n  echo 'cntr: error: The environment " + env.name +
         " was unmounted meanwhile; activate it again' >&2\n  false\nfi\n";
  mount::reserve(shown.lock_descriptor(), kTimeToEvaluate);
  return out;
}

std::string deactivation_script() {
  return "if command -v cntr_deactivate >/dev/null 2>&1; then cntr_deactivate\n"
         "else echo 'cntr: no environment is active in this shell' >&2; false; fi\n";
}

int hold_for_shell(int descriptor, const std::string& prefix) {
  const bool held = mount::hold(descriptor) && exists(prefix + "/conda-meta");
  return held ? kSuccess : kEnvironmentError;
}

}  // namespace cntr::cli
