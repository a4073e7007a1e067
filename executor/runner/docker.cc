#include "runner/docker.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "base/file_system.h"
#include "base/text.h"
#include "runner/docker_image.h"
#include "runner/gpus.h"
#include "runner/launch.h"
#include "runner/mount_option.h"

namespace cntr::runner {
namespace {

constexpr const char* kInstallDocker = "Install Docker (on Debian: apt install docker.io).";

// Variables that mean something to the client: it must get the caller's value, not the step's.
bool is_for_client(std::string_view name) {
  constexpr std::array<std::string_view, 12> kNames = {
      "HOME",        "PATH",     "TMPDIR",     "SSH_AUTH_SOCK", "GLIBC_TUNABLES", "HTTP_PROXY",
      "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy",   "no_proxy",       "SSL_CERT_FILE"};
  constexpr std::array<std::string_view, 4> kPrefixes = {"DOCKER_", "XDG_", "LD_", "GO"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end() ||
         std::any_of(kPrefixes.begin(), kPrefixes.end(),
                     [&](std::string_view prefix) { return name.starts_with(prefix); });
}

// A line of an --env-file (docker/cli, pkg/kvfile): the value is taken as it is, but one line.
std::string file_line(const std::string& variable) {
  constexpr size_t kLongest = 60'000;  // its reader gives up at 64 KiB
  if (variable.find_first_of("\n\r") != std::string::npos || variable.size() > kLongest) {
    throw user_error("docker cannot pass the variable " + std::string(variable_name(variable)) +
                     ": its value has more than one line or more than 60,000 bytes");
  }
  return variable + "\n";
}

void add_bind(std::vector<std::string>& argv, const Bind& bind) {
  const std::vector<std::string> words = bind_option(bind, "readonly");
  argv.insert(argv.end(), words.begin(), words.end());
}

void add_variables(const Sandbox& sandbox, const DockerClient& client, Command& command) {
  command.environment = client.environment;
  std::string file;
  bool has_host_name = false;
  for (const std::string& variable : environment_with_pwd(sandbox)) {
    const std::string name(variable_name(variable));
    has_host_name = has_host_name || name == "HOSTNAME";
    if (is_for_client(name)) {
      file += file_line(variable);
    } else {
      command.argv.insert(command.argv.end(), {"--env", name});
      command.environment.push_back(variable);
    }
  }
  // The engine sets it unless it is named without being set.
  if (!has_host_name) command.argv.insert(command.argv.end(), {"--env", "HOSTNAME"});
  if (!file.empty()) {
    command.argv.insert(command.argv.end(), {"--env-file", "/dev/fd/3"});
    static_assert(Command::kExtraFd == 3);
    command.extra_fd = file;
  }
}

std::vector<std::string> client_environment() {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (is_for_client(variable_name(*variable))) variables.emplace_back(*variable);
  }
  return variables;
}

class Docker : public Runner {
 public:
  Kind kind() const override { return Kind::kDocker; }
  bool runs_images() const override { return true; }
  bool runs_host_steps() const override { return false; }
  Availability quick_look() const override {
    return find_program("docker", search_path()) ? Availability{true, "", "", ""} : probe();
  }

  Availability probe() const override {
    Availability availability;
    const std::optional<std::string> docker = find_program("docker", search_path());
    if (!docker) {
      availability.reason = "the program docker is not on PATH";
      availability.fix = kInstallDocker;
      return availability;
    }
    const Captured answer = capture_process(
        {*docker, "version", "--format", "{{.Client.Version}} {{.Server.Version}}"});
    const std::vector<std::string> versions = split(last_line(answer.out), ' ');
    availability.version = versions.front();
    if (answer.status.code == 0) {
      availability.usable = true;
      availability.version = versions.back();
      return availability;
    }
    if (answer.err.find("permission denied") != std::string::npos) {
      availability.reason = "this user may not talk to the Docker daemon";
      availability.fix = "Run: sudo usermod -aG docker $USER, and log in again.";
    } else if (answer.err.find("Is the docker daemon running?") != std::string::npos) {
      availability.reason = "the Docker daemon does not answer";
      availability.fix = "Start it (sudo systemctl start docker), or set DOCKER_HOST.";
    } else {
      availability.reason = last_line(answer.err);
      availability.fix = "Make `docker version` work.";
    }
    return availability;
  }

  std::string refusal(const Sandbox& sandbox) const override {
    if (!sandbox.root) return "docker needs an image";
    if (sandbox.user != sandbox.caller) {
      return "the image's user is " + std::to_string(sandbox.user.uid) + ":" +
             std::to_string(sandbox.user.gid) +
             ", and docker cannot let the caller own what another user writes: use bubblewrap, or "
             "an image without a User";
    }
    if (sandbox.argv.empty() || sandbox.argv[0].empty()) return "the command's name is empty";
    bool text = is_utf8(sandbox.directory);
    for (const std::string& argument : sandbox.argv) text = text && is_utf8(argument);
    for (const std::string& variable : sandbox.environment) text = text && is_utf8(variable);
    if (!text) return "docker cannot pass arguments and variables that are not UTF-8";
    return refusal_of_binds(sandbox, "docker");
  }

  void prepare(const Sandbox& sandbox) const override {
    make_nested_mount_points(sandbox);
    ensure_docker_image(*sandbox.root, required_program("docker", kInstallDocker));
  }

  Command plan(const Sandbox& sandbox) const override {
    return plan_docker(sandbox, {supervisor_program(), required_program("docker", kInstallDocker),
                                 client_environment()});
  }

  std::optional<std::string> start_failure(const ExitStatus& status,
                                           const std::string& log_tail) const override {
    if (const auto failure = supervisor_failure(status, log_tail)) return failure;
    if (status.code != 125) return std::nullopt;
    // Hints follow the line that says why.
    const std::vector<std::string> lines = split(log_tail, '\n');
    const auto line = std::find_if(lines.rbegin(), lines.rend(),
                                   [](const std::string& l) { return l.starts_with("docker: "); });
    return line == lines.rend() ? std::nullopt : std::optional(*line);
  }

  // Of tini, which --init puts before the step's program.
  std::string_view complaint_of_program() const override { return "[FATAL tini ("; }
};

}  // namespace

Command plan_docker(const Sandbox& sandbox, const DockerClient& client) {
  const std::string name = "cntr-" + sandbox.id;
  const std::string id_file = sandbox.work_directory + "/container-id";
  Command command = command_for(sandbox, {client.supervisor});
  std::vector<std::string>& argv = command.argv;
  if (sandbox.terminal) argv.push_back("--terminal");
  argv.insert(argv.end(), {"--started", id_file});
  argv.insert(argv.end(), {"--cleanup", "5", client.docker, "rm", "--force", "--volumes", name});
  argv.insert(argv.end(), {"--", client.docker, "run", "--rm", "--init", "--name", name});
  argv.insert(argv.end(), {"--cidfile", id_file, "--pull", "never", "--log-driver", "none"});
  argv.insert(argv.end(), {"--network", sandbox.network == spec::Network::kHost ? "host" : "none"});
  argv.insert(argv.end(), {"--cap-drop", "ALL", "--security-opt", "no-new-privileges"});
  argv.insert(argv.end(), {"--hostname", "cntr", "--workdir", sandbox.directory});
  argv.insert(argv.end(), {"--user", std::to_string(sandbox.user.uid) + ":" +
                                         std::to_string(sandbox.user.gid)});
  if (!sandbox.writable_root) argv.push_back("--read-only");
  if (sandbox.gpus) argv.insert(argv.end(), {"--gpus", gpu_count(*sandbox.gpus)});
  if (sandbox.terminal) {
    argv.insert(argv.end(), {"--interactive", "--tty"});
  } else if (!sandbox.input_path.empty()) {
    argv.push_back("--interactive");
  }
  argv.insert(argv.end(), {"--mount", "type=tmpfs,target=/src,readonly"});
  add_bind(argv, {sandbox.work_directory + "/build", "/build", true, true});
  add_bind(argv, {sandbox.work_directory + "/tmp", "/tmp", true, true});
  for (const Bind& bind : sandbox.binds) add_bind(argv, bind);
  add_variables(sandbox, client, command);
  argv.insert(argv.end(), {"--entrypoint", sandbox.argv.at(0)});
  argv.push_back(docker_image_name(sandbox.root->identity));
  argv.insert(argv.end(), sandbox.argv.begin() + 1, sandbox.argv.end());
  return command;
}

const Runner& docker_runner() {
  static const Docker runner;
  return runner;
}

}  // namespace cntr::runner
