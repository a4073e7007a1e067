#include "runner/podman.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "base/file_system.h"
#include "base/text.h"
#include "runner/container_words.h"
#include "runner/gpus.h"
#include "runner/launch.h"
#include "runner/mount_option.h"

namespace cntr::runner {
namespace {

constexpr const char* kInstall =
    "Install podman 4 or later (on Debian: apt install podman runc uidmap).";

// What podman and the programs that it starts may need of the caller's environment.
bool is_for_podman(std::string_view name) {
  constexpr std::array<std::string_view, 7> kNames = {
      "HOME", "PATH", "TMPDIR", "USER", "LOGNAME", "DBUS_SESSION_BUS_ADDRESS", "SSL_CERT_FILE"};
  constexpr std::array<std::string_view, 5> kPrefixes = {"CONTAINERS_", "STORAGE_", "XDG_", "LD_",
                                                         "GO"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end() ||
         std::any_of(kPrefixes.begin(), kPrefixes.end(),
                     [&](std::string_view prefix) { return name.starts_with(prefix); });
}

std::vector<std::string> environment_for_podman() {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (is_for_podman(variable_name(*variable))) variables.emplace_back(*variable);
  }
  return variables;
}

// podman's own files of one step. Its name must be short: podman takes no more than 50 characters.
std::string scratch_directory(const Sandbox& sandbox) { return "/tmp/cntr-" + sandbox.id; }

// A podman whose files are below `directory`, as a command line without its subcommand.
std::vector<std::string> podman_in(const std::string& directory, const PodmanClient& client) {
  return {client.podman, "--log-level",      "fatal",    "--root",           directory + "/root",
          "--runroot",   directory + "/run", "--tmpdir", directory + "/tmp", "--storage-driver",
          "vfs",         "--events-backend", "file"};
}

using Words = std::vector<std::string>;

void append_words(Words& words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
}

void append_counted(Words& words, const char* option, const Words& command) {
  append_words(words, {option, std::to_string(command.size())});
  append_words(words, command);
}

// A podman that is killed while the runtime makes the container does not know of it, and would
// leave its cgroups and its state, which are where podman lets the runtime put them. An ordinary
// user's podman first has to learn that all its processes are gone. $0 is the file with the
// container's id, $1 its name, the rest the podman.
constexpr const char* kRemoval = R"sh(name=$1; shift
[ "$(id -u)" = 0 ] || "$@" system migrate || exit
"$@" rm --force --time 0 --ignore "$name" || exit
[ -s "$0" ] || exit 0
container=$(cat "$0") user=$(id -u)
for directory in /run "$XDG_RUNTIME_DIR" "/run/user/$user" "/tmp/podman-run-$user"; do
  for runtime in runc crun; do
    [ ! -e "$directory/$runtime/$container" ] ||
      "$runtime" --root "$directory/$runtime" delete --force "$container" || exit
  done
done)sh";

// Files in an ordinary user's containers may belong to one of their subordinate ids, and only a
// podman, which must have its own files elsewhere meanwhile, can remove those.
Words final_removal(const Sandbox& sandbox, const PodmanClient& client) {
  const std::string scratch = scratch_directory(sandbox);
  if (sandbox.caller.uid == 0) return {"rm", "-rf", scratch};
  Words words = {"sh", "-c", R"("$@"; rm -rf "$0")", scratch};
  append_words(words, podman_in(scratch + "/removal", client));
  append_words(words, {"unshare", "rm", "-rf", scratch + "/step"});
  return words;
}

bool has_user_namespace(const Sandbox& sandbox) {
  return sandbox.caller.uid != 0 || sandbox.user != sandbox.caller;
}

// Inside, `inside` is the caller, and 0, which the container's runtime needs, an id that owns
// nothing. For an ordinary user podman counts from the caller: 0 is they, 1 their first subordinate
// id.
void append_mapping(Words& argv, const char* option, uint32_t inside, uint32_t caller,
                    bool caller_is_root) {
  constexpr uint32_t kNobody = 65'534;
  const uint32_t outside = caller_is_root ? caller : 0;
  const uint32_t unused = caller_is_root ? kNobody : 1;
  append_words(argv, {option, std::to_string(inside) + ":" + std::to_string(outside) + ":1"});
  if (inside != 0) append_words(argv, {option, "0:" + std::to_string(unused) + ":1"});
}

void append_user(Words& argv, const Sandbox& sandbox) {
  const bool root = sandbox.caller.uid == 0;
  append_words(
      argv, {"--user", std::to_string(sandbox.user.uid) + ":" + std::to_string(sandbox.user.gid)});
  if (!has_user_namespace(sandbox)) return;
  append_mapping(argv, "--uidmap", sandbox.user.uid, sandbox.caller.uid, root);
  append_mapping(argv, "--gidmap", sandbox.user.gid, sandbox.caller.gid, root);
}

// runc hands the paths of all mounts to a user namespace in one message of 64 KiB.
constexpr size_t kMostPathBytes = 60'000;

size_t path_bytes(const std::vector<Bind>& binds) {
  size_t bytes = 0;
  for (const Bind& bind : binds) bytes += bind.host.size() + 1;
  return bytes;
}

// The directory in which all of them are; "/" when there is no other.
std::string common_directory(const std::vector<Bind>& binds) {
  std::string directory = parent_path(binds.front().host);
  for (const Bind& bind : binds) {
    while (!path_below(bind.host, directory)) directory = parent_path(directory);
  }
  return directory;
}

// The step's binds; when their paths are too long for runc, by way of a link that the supervisor
// makes in the scratch directory.
struct ShortBinds {
  std::vector<Bind> binds;
  std::string link;
  std::string directory;  // where it leads; "" when there is none
};

ShortBinds short_binds(const Sandbox& sandbox) {
  ShortBinds out = {sandbox.binds, scratch_directory(sandbox) + "/in", ""};
  if (!has_user_namespace(sandbox) || path_bytes(out.binds) <= kMostPathBytes) return out;
  out.directory = common_directory(out.binds);
  for (Bind& bind : out.binds) {
    bind.host = out.link + "/" + path_below(bind.host, out.directory).value_or("");
  }
  return out;
}

void append_mounts(Words& argv, const Sandbox& sandbox, const std::vector<Bind>& inputs,
                   const PodmanClient& client) {
  append_words(argv, {"--mount", "type=tmpfs,target=/src,ro"});
  std::vector<Bind> binds = {{sandbox.work_directory + "/build", "/build", true, true},
                             {sandbox.work_directory + "/tmp", "/tmp", true, true},
                             {client.init, kInitInside, false, false}};
  if (sandbox.network == spec::Network::kHost) {
    // Its resolv.conf podman brings along itself.
    binds.push_back({"/etc/hosts", "/etc/hosts", false, false});
  }
  binds.insert(binds.end(), inputs.begin(), inputs.end());
  for (const Bind& bind : binds) append_words(argv, bind_option(bind, "ro"));
}

bool has_gpu_specification() {
  for (const char* directory : {"/etc/cdi", "/var/run/cdi"}) {
    if (!exists(directory)) continue;
    for (const std::string& name : list_directory(directory)) {
      const auto text = read_file_if_exists(std::string(directory) + "/" + name);
      if (text && text->find("nvidia.com/gpu") != std::string::npos) return true;
    }
  }
  return false;
}

bool has_subordinate_ids() {
  const char* const login = getlogin();
  const std::string uid = std::to_string(getuid());
  const std::string user = environment_variable("USER").value_or(login ? login : uid);
  for (const std::string& line : split(read_file_if_exists("/etc/subuid").value_or(""), '\n')) {
    const std::string owner = line.substr(0, line.find(':'));
    if (owner == uid || owner == user) return true;
  }
  return false;
}

class Podman : public Runner {
 public:
  Kind kind() const override { return Kind::kPodman; }
  bool runs_images() const override { return true; }
  bool runs_host_steps() const override { return false; }

  Availability quick_look() const override {
    if (!find_program("podman", search_path())) {
      return {false, "", "the program podman is not on PATH", kInstall};
    }
    if (getuid() != 0 && !find_program("newuidmap", search_path())) {
      return {false, "", "the program newuidmap, which podman needs, is not on PATH",
              "Install it (on Debian: apt install uidmap)."};
    }
    return {true, "", "", ""};
  }

  Availability probe() const override {
    Availability availability = quick_look();
    if (!find_program("podman", search_path())) return availability;
    availability.version =
        split(last_line(capture_process({"podman", "--version"}).out), ' ').back();
    if (!availability.usable) return availability;
    availability.reason = try_container(*this);
    availability.usable = availability.reason.empty();
    if (availability.usable) return availability;
    availability.fix = "Make this work: podman run --rm --network none --rootfs <directory>:O";
    if (getuid() != 0 && !has_subordinate_ids()) {
      availability.reason = "this user has no subordinate ids in /etc/subuid";
      availability.fix =
          "Run: sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $USER";
    }
    return availability;
  }

  std::string refusal(const Sandbox& sandbox) const override {
    if (!sandbox.root) return "podman needs an image";
    if (sandbox.root->directory.find_first_of(":\\,\"") != std::string::npos) {
      return "podman cannot run an image from " + sandbox.root->directory +
             ": its path has one of : \\ , \"";
    }
    if (path_bytes(short_binds(sandbox).binds) > kMostPathBytes && has_user_namespace(sandbox)) {
      return "podman takes at most 64 KiB of paths of inputs: declare directories of them with "
             "INPUT_DIRECTORIES";
    }
    return refusal_of_binds(sandbox, "podman");
  }

  void prepare(const Sandbox& sandbox) const override {
    if (sandbox.gpus && !has_gpu_specification()) {
      throw environment_error(
          "podman knows no GPUs here: there is no CDI specification of nvidia.com/gpu",
          {"Run: sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml"});
    }
    make_nested_mount_points(sandbox);
  }

  Command plan(const Sandbox& sandbox) const override {
    return plan_podman(sandbox, {supervisor_program(), required_program("podman", kInstall),
                                 init_program(), environment_for_podman()});
  }

  std::optional<std::string> start_failure(const ExitStatus& status,
                                           const std::string& log_tail) const override {
    if (const auto failure = supervisor_failure(status, log_tail)) return failure;
    const std::string line = last_line(log_tail);
    if (status.code == 125 && (line.starts_with("Error: ") || line.starts_with("cntr-init: "))) {
      return line;
    }
    // The container's runtime.
    const bool is_of_runtime = (status.code == 126 || status.code == 127) &&
                               line.starts_with("Error: ") &&
                               line.find("OCI ") != std::string::npos;
    return is_of_runtime ? std::optional(line) : std::nullopt;
  }

  std::string_view complaint_of_program() const override { return "cntr-init: cannot start "; }
};

}  // namespace

Command plan_podman(const Sandbox& sandbox, const PodmanClient& client) {
  const std::string name = "cntr-" + sandbox.id;
  const std::string id_file = sandbox.work_directory + "/container-id";
  const std::string pid_file = sandbox.work_directory + "/container-pid";
  const Words podman = podman_in(scratch_directory(sandbox) + "/step", client);
  Command command = command_for(sandbox, {client.supervisor});
  command.environment = client.environment;
  append_words(command.environment, init_variables(sandbox));
  Words& argv = command.argv;
  if (sandbox.terminal) argv.push_back("--terminal");
  if (sandbox.caller.uid == 0) argv.push_back("--private-mounts");
  append_words(argv, {"--scratch", scratch_directory(sandbox), "--started", pid_file});
  const ShortBinds inputs = short_binds(sandbox);
  if (!inputs.directory.empty()) append_words(argv, {"--link", inputs.link, inputs.directory});
  Words cleanup = {"sh", "-c", kRemoval, id_file, name};
  append_words(cleanup, podman);
  append_counted(argv, "--cleanup", cleanup);
  append_counted(argv, "--finally", final_removal(sandbox, client));
  argv.push_back("--");
  append_words(argv, podman);
  append_words(argv, {"run", "--rm", "--name", name, "--cidfile", id_file, "--pidfile", pid_file,
                      "--log-driver", "none"});
  append_words(argv, {"--network", sandbox.network == spec::Network::kHost ? "host" : "none"});
  append_words(argv, {"--no-hosts", "--passwd=false", "--http-proxy=false", "--systemd=false"});
  append_words(argv, {"--cap-drop", "ALL", "--security-opt", "no-new-privileges"});
  append_words(argv, {"--security-opt", "label=disable", "--hostname", "cntr", "--workdir", "/"});
  append_user(argv, sandbox);
  if (!sandbox.writable_root) append_words(argv, {"--read-only", "--read-only-tmpfs=false"});
  if (sandbox.gpus) {
    for (const std::string& number : split(gpu_numbers(*sandbox.gpus), ',')) {
      append_words(argv, {"--device", "nvidia.com/gpu=" + number});
    }
  }
  if (sandbox.terminal) {
    append_words(argv, {"--interactive", "--tty", "--detach-keys", ""});
  } else if (!sandbox.input_path.empty()) {
    argv.push_back("--interactive");
  }
  append_mounts(argv, sandbox, inputs.binds, client);
  append_words(argv, {"--env", "CNTR_WORD_*", "--rootfs", sandbox.root->directory + ":O"});
  append_words(argv, init_command(sandbox));
  return command;
}

const Runner& podman_runner() {
  static const Podman runner;
  return runner;
}

}  // namespace cntr::runner
