// For bash and zsh, which can keep a descriptor open: by it the shell, and what it starts, is
// itself a user of the environment.
#include "cli/shell_script.h"

#include "base/text.h"

namespace cntr::cli {
namespace {

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

std::string leaving_function(const ShellActivation& activation) {
  std::string out = "cntr_deactivate() {\n";
  for (const std::string& script : activation.scripts_of_leaving) out += read_script(script);
  out += restore_search_path_text(activation.prefix);
  for (const auto& [name, value] : activation.variables) out += restore_variable_text(name);
  return out +
         "  if [ -n \"${_cntr_old_PS1-}\" ]; then PS1=$_cntr_old_PS1; unset _cntr_old_PS1; fi\n"
         "  hash -r\n  exec {_cntr_env_use}<&-\n  unset _cntr_env_use\n"
         "  unset -f cntr_deactivate\n}\n";
}

}  // namespace

std::string posix_activation(const ShellActivation& activation) {
  const std::string lock = shell_quoted(activation.lock);
  std::string out =
      "if command -v cntr_deactivate >/dev/null 2>&1; then cntr_deactivate; fi\n"
      "if [ -e " +
      lock + " ] && exec {_cntr_env_use}<" + lock + " && " + shell_quoted(activation.holder) +
      " env hold --descriptor \"$_cntr_env_use\" " + shell_quoted(activation.prefix) + "; then\n";
  for (const auto& [name, value] : activation.variables) out += set_variable_text(name, value);
  out += "  export PATH=" + shell_quoted(activation.prefix + "/bin") + "\"${PATH:+:$PATH}\"\n";
  out += "  if [ -n \"${PS1-}\" ]; then _cntr_old_PS1=$PS1; PS1=" +
         shell_quoted("(" + activation.name + ") ") + "\"$PS1\"; fi\n";
  out += leaving_function(activation);
  for (const std::string& script : activation.scripts) out += read_script(script);
  return out + "  hash -r\nelse\n  echo 'cntr: error: The environment " + activation.name +
         " was unmounted meanwhile; activate it again' >&2\n  false\nfi\n";
}

std::string posix_deactivation() {
  return "if command -v cntr_deactivate >/dev/null 2>&1; then cntr_deactivate\n"
         "else echo 'cntr: no environment is active in this shell' >&2; false; fi\n";
}

}  // namespace cntr::cli
