// fish has no descriptors that stay open: a process of `cntr env hold` keeps the environment in use
// as long as the shell lives.
#include "cli/shell_script.h"

namespace cntr::cli {
namespace {

// In single quotes fish knows two escapes.
std::string fish_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string fish_source(const std::string& path) {
  const std::string word = fish_quoted(path);
  return "  if test -f " + word + "; source " + word + "; end\n";
}

std::string fish_set(const std::string& name, const std::string& value) {
  return "  set -q " + name + "; and set -g _cntr_old_" + name + " $" + name + "\n  set -gx " +
         name + " " + fish_quoted(value) + "\n";
}

std::string fish_restore(const std::string& name) {
  const std::string old = "_cntr_old_" + name;
  return "  if set -q " + old + "; set -gx " + name + " $" + old + "; set -e " + old +
         "; else; set -e " + name + "; end\n";
}

constexpr const char* kShowInPrompt =
    "  if status is-interactive; and functions -q fish_prompt\n"
    "    functions -c fish_prompt _cntr_old_fish_prompt\n"
    "    function _cntr_status; return $argv[1]; end\n"
    "    function fish_prompt\n"
    "      set -l last $status\n"
    "      printf '%s' $CONDA_PROMPT_MODIFIER\n"
    "      _cntr_status $last\n"
    "      _cntr_old_fish_prompt\n"
    "    end\n"
    "  end\n";

constexpr const char* kHideInPrompt =
    "  if functions -q _cntr_old_fish_prompt\n"
    "    functions -e fish_prompt _cntr_status\n"
    "    functions -c _cntr_old_fish_prompt fish_prompt\n"
    "    functions -e _cntr_old_fish_prompt\n"
    "  end\n";

std::string fish_leaving(const ShellActivation& activation) {
  std::string out = "function cntr_deactivate\n";
  for (const std::string& script : activation.scripts_of_leaving) out += fish_source(script);
  out += "  if set -l place (contains -i -- " + fish_quoted(activation.prefix + "/bin") +
         " $PATH); set -e PATH[$place]; end\n";
  for (const auto& [name, value] : activation.variables) out += fish_restore(name);
  return out + kHideInPrompt +
         "  command kill $_cntr_env_use\n  set -e _cntr_env_use\n"
         "  functions -e cntr_deactivate\nend\n";
}

}  // namespace

std::string fish_activation(const ShellActivation& activation) {
  std::string out = "functions -q cntr_deactivate; and cntr_deactivate\nif set -g _cntr_env_use (" +
                    fish_quoted(activation.holder) + " env hold --shell $fish_pid --lock " +
                    fish_quoted(activation.lock) + " " + fish_quoted(activation.prefix) + ")\n";
  for (const auto& [name, value] : activation.variables) out += fish_set(name, value);
  out += "  set -gx PATH " + fish_quoted(activation.prefix + "/bin") + " $PATH\n";
  out += kShowInPrompt + fish_leaving(activation);
  for (const std::string& script : activation.scripts) out += fish_source(script);
  return out + "else\n  set -e _cntr_env_use\n  echo 'cntr: error: The environment " +
         activation.name + " was unmounted meanwhile; activate it again' >&2\n  false\nend\n";
}

std::string fish_deactivation() {
  return "if functions -q cntr_deactivate; cntr_deactivate\n"
         "else; echo 'cntr: no environment is active in this shell' >&2; false; end\n";
}

}  // namespace cntr::cli
