#include "build/pip_solver.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "base/environment.h"
#include "base/error.h"
#include "base/file_system.h"
#include "base/process.h"
#include "base/stop_request.h"
#include "base/text.h"
#include "env/activation.h"
#include "env/package_source.h"
#include "env/prefix_sandbox.h"
#include "env/wheel_name.h"

namespace cntr::build {
namespace {

constexpr size_t kLargestOutput = 256U << 20U;

std::string lines_of(const std::vector<std::string>& lines) {
  return lines.empty() ? "" : join(lines, "\n") + "\n";
}

// `python` and `directory` as pip sees them; the files are written to `scratch`.
std::vector<std::string> question(const std::string& python, const std::string& directory,
                                  const std::string& scratch,
                                  const env::Requirements& requirements) {
  std::vector<std::string> out = {python,
                                  "-m",
                                  "pip",
                                  "install",
                                  "--dry-run",
                                  "--report",
                                  directory + "/report.json",
                                  "--no-input",
                                  "--disable-pip-version-check",
                                  "--quiet",
                                  "--requirement",
                                  directory + "/requirements.txt"};
  write_file_atomically(scratch + "/requirements.txt", lines_of(requirements.lines));
  if (!requirements.constraints.empty()) {
    write_file_atomically(scratch + "/constraints.txt", lines_of(requirements.constraints));
    out.insert(out.end(), {"--constraint", directory + "/constraints.txt"});
  }
  return out;
}

const std::vector<std::string>& variables_of_pip() {
  static const std::vector<std::string> variables = {
      "PYTHONNOUSERSITE=1", "PYTHONDONTWRITEBYTECODE=1", "PIP_BREAK_SYSTEM_PACKAGES=1"};
  return variables;
}

PipAnswer answer_of(const Command& command, const std::string& scratch, ExitStatus& status) {
  PipAnswer out;
  status = run_process(command, {}, [&](std::string_view piece) {
    if (out.said.size() < kLargestOutput) out.said += piece;
  });
  if (status.interrupted) throw Stopped();
  if (status.code == 0) out.report = read_file(scratch + "/report.json");
  return out;
}

// The path that a word of a requirement names: "/path", "file:///path".
std::string local_path(const std::string& word) {
  constexpr std::string_view kScheme = "file:///";
  if (word.starts_with(kScheme)) {
    return env::path_of_file_url(word.substr(0, word.find_first_of("#?")));
  }
  return word.starts_with('/') ? word : "";
}

bool is_about_pip(std::string_view name) {
  constexpr std::array<std::string_view, 12> kNames = {
      "http_proxy", "https_proxy",        "no_proxy",       "all_proxy",
      "HTTP_PROXY", "HTTPS_PROXY",        "NO_PROXY",       "ALL_PROXY",
      "NETRC",      "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "XDG_CONFIG_HOME"};
  return name.starts_with("PIP_") || name.starts_with("SSL_CERT_") ||
         std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

// What pip reads of the machine beside the system's directories.
class Surroundings {
 public:
  explicit Surroundings(const env::Requirements& requirements) {
    add_configuration();
    for (const std::vector<std::string>* lines : {&requirements.lines, &requirements.constraints}) {
      for (const std::string& line : *lines) {
        for (const std::string& word : split(line, ' ')) add_path(local_path(word));
      }
    }
    const auto resolver = stat_link("/etc/resolv.conf");  // often a link to where /run is
    if (resolver && resolver->kind == FileKind::kSymlink) {
      const std::string target = normal_path(read_link("/etc/resolv.conf"), "/etc");
      if (!path_below(target, "/etc") && !path_below(target, "/usr")) add_path(target);
    }
  }

  const std::vector<std::string>& variables() const { return variables_; }
  const std::vector<std::string>& options() const { return options_; }

 private:
  void add_configuration() {
    for (const std::string& variable : current_environment()) {
      const size_t equals = variable.find('=');
      if (!is_about_pip(std::string_view(variable).substr(0, equals))) continue;
      variables_.push_back(variable);
      if (equals == std::string::npos || variable.starts_with("XDG_CONFIG_HOME=")) continue;
      for (const std::string& word : split(variable.substr(equals + 1), ' ')) {
        add_path(local_path(word));
      }
    }
    const std::string home = environment_variable("HOME").value_or("");
    if (!home.starts_with('/')) return;
    variables_.push_back("HOME=" + home);
    const std::string configurations =
        environment_variable("XDG_CONFIG_HOME").value_or(home + "/.config");
    for (const std::string& path : {home + "/.netrc", home + "/.pip", configurations + "/pip"}) {
      add_path(path);
    }
  }

  void add_path(const std::string& path) {
    if (!path.starts_with('/') || path == "/" || path.starts_with("/dev/")) return;
    if (exists(path)) options_.insert(options_.end(), {"--ro-bind", path, path});
  }

  std::vector<std::string> variables_;
  std::vector<std::string> options_;
};

Command sandboxed(const PipSolver& pip, const env::Requirements& requirements,
                  const std::string& scratch) {
  const Surroundings surroundings(requirements);
  const env::Activation activation = env::activation_of(pip.directory, pip.prefix);
  std::vector<std::string> asked =
      question(pip.prefix + "/bin/python", "/tmp", scratch, requirements);
  for (const char* const word : {"--prefer-binary", "--no-build-isolation",
                                 "--check-build-dependencies", "--use-pep517", "--no-cache-dir"}) {
    asked.emplace_back(word);
  }
  Command out;
  out.argv = env::sandbox_command("source distributions are asked for what they need",
                                  env::SandboxNetwork::kShared);
  out.argv.insert(out.argv.end(), {"--bind", scratch, "/tmp", "--ro-bind", pip.directory,
                                   pip.prefix, "--chdir", "/tmp"});
  out.argv.insert(out.argv.end(), surroundings.options().begin(), surroundings.options().end());
  out.argv.emplace_back("--");
  asked = env::activated_command(activation.scripts, asked);
  out.argv.insert(out.argv.end(), asked.begin(), asked.end());
  out.environment = env::sandbox_variables();
  for (const auto* more : {&variables_of_pip(), &surroundings.variables()}) {
    out.environment.insert(out.environment.end(), more->begin(), more->end());
  }
  out.environment.push_back("PATH=" + env::search_path_in(pip.prefix, env::kSandboxPath));
  for (const auto& [name, value] : activation.variables) {
    out.environment.push_back(name + "=" + value);
  }
  return out;
}

}  // namespace

bool asks_for_source(const env::Requirements& requirements) {
  const auto is_source = [](const std::string& line) {
    if (line.starts_with("--no-binary")) return true;
    if (line.starts_with('-')) return false;
    const std::vector<std::string> words = split(line, ' ');
    return std::any_of(words.begin(), words.end(), [](const std::string& word) {
      return word.find("://") != std::string::npos && env::names_source(word);
    });
  };
  return std::any_of(requirements.lines.begin(), requirements.lines.end(), is_source);
}

// Where the environment is now, not at its prefix: to find out which wheels to install, that is the
// same.
PipAnswer ask_for_wheels(const PipSolver& pip, const env::Requirements& requirements) {
  Command command;
  command.argv = question(pip.directory + "/bin/python", pip.scratch, pip.scratch, requirements);
  command.argv.insert(command.argv.end(), {"--only-binary", ":all:"});
  for (const std::string& variable : current_environment()) {
    if (!variable.starts_with("PYTHON")) command.environment.push_back(variable);
  }
  command.environment.insert(command.environment.end(), variables_of_pip().begin(),
                             variables_of_pip().end());
  command.directory = pip.scratch;
  ExitStatus status;
  return answer_of(command, pip.scratch, status);
}

PipAnswer ask_for_sources(const PipSolver& pip, const env::Requirements& requirements) {
  const std::string scratch = pip.scratch + "/sources";
  make_directories(scratch);
  const Command command = sandboxed(pip, requirements, scratch);
  ExitStatus status;
  PipAnswer out = answer_of(command, scratch, status);
  if (const auto failure = env::failure_of_sandbox(status, out.said)) {
    throw environment_error("bubblewrap does not run here: " + printable(*failure));
  }
  return out;
}

}  // namespace cntr::build
