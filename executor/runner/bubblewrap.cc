#include "runner/bubblewrap.h"

#include <unistd.h>

#include <algorithm>
#include <climits>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/file_system.h"
#include "base/text.h"
#include "runner/input_mounts.h"
#include "runner/launch.h"
#include "runner/root_layout.h"

namespace cntr::runner {
namespace {

constexpr const char* kInstallBubblewrap =
    "Install bubblewrap (on Debian: apt install bubblewrap).";
constexpr size_t kMostInputs = 30'000;  // Linux takes 100,000 mounts, an input needs up to three
// Where the images of NVIDIA look for the libraries of the driver.
constexpr const char* kGpuLibraryDirectory = "/usr/local/nvidia/lib64";
const std::set<std::string> kNotFromHost = {"build", "dev", "proc", "run", "src", "sys", "tmp"};

bool is_for_loader(std::string_view variable) {
  const std::string_view name = variable_name(variable);
  return name.starts_with("LD_") || name == "GLIBC_TUNABLES";
}

// The options of one bwrap, in the order in which it performs them.
class Options {
 public:
  Options(const Sandbox& sandbox, const DividedBinds& divided, const FileTree& tree,
          const GpuFiles& gpus)
      : sandbox_(sandbox),
        divided_(divided),
        gpus_(gpus),
        tree_(tree),
        layout_(tree, root_on_host(), sandbox.root ? std::set<std::string>() : kNotFromHost,
                sandbox.writable_root) {}

  // NUL-terminated words.
  std::string text() {
    for (const char* path : {"/src", "/build", "/tmp", "/proc", "/dev"}) layout_.add_provided(path);
    const std::vector<std::string> hidden = hide();
    const std::vector<Bind> binds = place_binds();
    const std::vector<RootLayout::Rebuilt> rebuilt = layout_.rebuilt();

    add_isolation();
    add_loader_variables();
    add_root(rebuilt);
    add({"--proc", "/proc"});
    add({"--dev", "/dev"});
    add_gpus();
    for (const std::string& path : hidden) add({"--tmpfs", path});
    if (divided_.by_supervisor.empty()) {
      add({"--tmpfs", "/src"});
    } else {
      add({"--bind", input_directory(sandbox_), "/src"});
    }
    add({"--bind", sandbox_.work_directory + "/build", "/build"});
    add({"--bind", sandbox_.work_directory + "/tmp", "/tmp"});
    for (const Bind& bind : binds) {
      add({bind.writable ? "--bind" : "--ro-bind", bind.host, bind.container});
    }
    // What was writable while mount points were made in it.
    add({"--remount-ro", "/src"});
    for (const std::string& path : hidden) add({"--remount-ro", path});
    for (const RootLayout::Rebuilt& one : rebuilt) add({"--remount-ro", one.path});
    if (!divided_.by_supervisor.empty()) add({"--file", std::to_string(kGateFd), kGateFile});
    add({"--chdir", sandbox_.directory});
    return std::move(text_);
  }

 private:
  void add(const std::vector<std::string>& words) {
    for (const std::string& word : words) text_.append(word).push_back('\0');
  }

  std::string root_on_host() const {
    if (!sandbox_.root) return "/";
    return sandbox_.root->directory;
  }

  std::vector<std::string> hide() {
    std::vector<std::string> hidden;
    for (const std::string& path : sandbox_.hidden) {
      if (const auto place = layout_.hide(path)) hidden.push_back(*place);
    }
    return hidden;
  }

  // The binds at the places where they are really mounted.
  std::vector<Bind> place_binds() {
    std::vector<Bind> binds;
    if (sandbox_.network == spec::Network::kHost) {
      // As docker does: names of the network are those of the host.
      for (const char* path : {"/etc/hosts", "/etc/resolv.conf"}) {
        if (tree_.kind(path)) binds.push_back({path, path, false, false});
      }
    }
    if (sandbox_.gpus && sandbox_.root) {
      for (const GpuFiles::Library& library : gpus_.libraries) {
        const std::string place = std::string(kGpuLibraryDirectory) + "/" + library.name;
        binds.push_back({library.path, place, false, false});
      }
    }
    binds.insert(binds.end(), divided_.by_bwrap.begin(), divided_.by_bwrap.end());
    for (Bind& bind : binds) {
      bind.container = layout_.add_mount_point(bind.container, bind.directory);
    }
    return binds;
  }

  void add_isolation() {
    add({"--die-with-parent", "--unshare-pid", "--unshare-ipc", "--unshare-uts"});
    add({"--unshare-cgroup-try", "--hostname", "cntr"});
    if (!sandbox_.terminal) add({"--new-session"});
    if (sandbox_.network == spec::Network::kNone) add({"--unshare-net"});
    // Real root needs no user namespace, but must not keep its power over the mounts.
    add({"--cap-drop", "ALL"});
    if (sandbox_.caller.uid != 0 || sandbox_.user != sandbox_.caller) {
      add({"--unshare-user", "--uid", std::to_string(sandbox_.user.uid)});
      add({"--gid", std::to_string(sandbox_.user.gid)});
    }
  }

  void add_gpus() {
    if (!sandbox_.gpus) return;
    const auto count = static_cast<size_t>(sandbox_.gpus->count.value_or(INT_MAX));
    std::vector<std::string> nodes = gpus_.gpus;
    nodes.resize(std::min(nodes.size(), count));
    nodes.insert(nodes.end(), gpus_.controls.begin(), gpus_.controls.end());
    for (const std::string& node : nodes) add({"--dev-bind", node, "/dev/" + base_name(node)});
  }

  // All variables reach the step through bwrap's own environment, but for those that would change
  // how bwrap itself is loaded.
  void add_loader_variables() {
    std::vector<std::string> environment = sandbox_.environment;
    if (sandbox_.gpus && sandbox_.root) add_library_directory(kGpuLibraryDirectory, environment);
    for (const std::string& variable : environment) {
      if (!is_for_loader(variable)) continue;
      const std::string name(variable_name(variable));
      add({"--setenv", name, variable.substr(std::min(variable.size(), name.size() + 1))});
    }
  }

  void add_root(const std::vector<RootLayout::Rebuilt>& rebuilt) {
    if (sandbox_.writable_root) {
      add({"--bind", sandbox_.work_directory + "/overlay/root", "/"});
    } else if (rebuilt.empty() || rebuilt.front().path != "/") {
      add({"--ro-bind", root_on_host(), "/"});
    }
    for (const RootLayout::Rebuilt& one : rebuilt) {
      if (one.path != "/") add({"--tmpfs", one.path});
      for (const RootLayout::Entry& entry : one.entries) {
        if (entry.host.empty()) {
          add({"--symlink", entry.target, entry.path});
        } else {
          add({"--ro-bind", entry.host, entry.path});
        }
      }
    }
  }

  const Sandbox& sandbox_;
  const DividedBinds& divided_;
  const GpuFiles& gpus_;
  const FileTree& tree_;
  RootLayout layout_;
  std::string text_;
};

std::string setting(const std::string& name) {
  const std::string text = read_file_if_exists("/proc/sys/" + name).value_or("");
  return text.substr(0, text.find('\n'));
}

// The namespaces and mounts of a step, with a program that is surely there: bwrap itself.
std::vector<std::string> trial_sandbox(const std::string& bwrap) {
  std::vector<std::string> argv = {bwrap};
  if (geteuid() != 0) argv.push_back("--unshare-user");
  argv.insert(argv.end(), {"--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-net",
                           "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs",
                           "/tmp", "--", bwrap, "--version"});
  return argv;
}

std::string trial_fix() {
  if (geteuid() != 0 && setting("kernel/apparmor_restrict_unprivileged_userns") == "1") {
    return "AppArmor restricts user namespaces here: install its profile for bwrap, or run: sudo "
           "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0";
  }
  return "Allow this user to make namespaces and mounts (in a container: start it with more "
         "privileges), or choose another runner.";
}

class Bubblewrap : public Runner {
 public:
  Kind kind() const override { return Kind::kBubblewrap; }
  bool runs_images() const override { return true; }
  bool runs_host_steps() const override { return true; }
  Availability quick_look() const override {
    return find_program("bwrap", search_path()) ? user_namespaces() : probe();
  }

  Availability probe() const override {
    Availability availability;
    const std::optional<std::string> bwrap = find_program("bwrap", search_path());
    if (!bwrap) {
      availability.reason = "the program bwrap is not on PATH";
      availability.fix = kInstallBubblewrap;
      return availability;
    }
    const std::vector<std::string> words =
        split(last_line(capture_process({*bwrap, "--version"}).out), ' ');
    availability.version = words.back();
    const Captured trial = capture_process(trial_sandbox(*bwrap));
    availability.usable = trial.status.code == 0;
    if (availability.usable) return availability;
    const Availability settings = user_namespaces();
    availability.reason = settings.usable ? last_line(trial.err) : settings.reason;
    availability.fix = settings.usable ? trial_fix() : settings.fix;
    return availability;
  }

  std::string refusal(const Sandbox& sandbox) const override {
    if (sandbox.writable_root && !sandbox.root) return "only an image can have a writable root";
    const DividedBinds divided = divide_binds(sandbox, supervisor_can_mount());
    for (const auto& [binds, most] : {std::pair{&divided.by_supervisor, kMostInputs},
                                      std::pair{&divided.by_bwrap, kMostBinds}}) {
      if (binds->size() <= most) continue;
      return "bubblewrap takes at most " + std::to_string(most) +
             " inputs: declare directories of them with INPUT_DIRECTORIES";
    }
    return "";
  }

  void prepare(const Sandbox&) const override {}

  Command plan(const Sandbox& sandbox) const override {
    return plan_bubblewrap(sandbox, disk(),
                           {supervisor_program(), required_program("bwrap", kInstallBubblewrap),
                            supervisor_can_mount(), sandbox.gpus ? gpu_files() : GpuFiles()});
  }

  std::optional<std::string> start_failure(const ExitStatus& status,
                                           const std::string& log_tail) const override {
    if (const auto failure = supervisor_failure(status, log_tail)) return failure;
    const std::string line = last_line(log_tail);
    // "bwrap: execvp" is about the step's own program.
    if (status.code == 1 && line.starts_with("bwrap: ") && !line.starts_with("bwrap: execvp "))
      return line;
    return std::nullopt;
  }

  std::string_view complaint_of_program() const override { return "bwrap: execvp "; }
};

}  // namespace

Command plan_bubblewrap(const Sandbox& sandbox, const FileTree& tree,
                        const BubblewrapPrograms& programs) {
  const DividedBinds divided = divide_binds(sandbox, programs.supervisor_can_mount);
  const std::string fd = std::to_string(Command::kExtraFd);
  std::vector<std::string> argv = {programs.supervisor};
  if (sandbox.terminal) argv.push_back("--terminal");
  if (sandbox.writable_root) {
    argv.insert(argv.end(),
                {"--overlay", sandbox.root->directory, sandbox.work_directory + "/overlay"});
  }
  std::string text;
  if (!divided.by_supervisor.empty()) {
    const std::vector<std::string> options = input_options(sandbox);
    argv.insert(argv.end(), options.begin(), options.end());
    text = input_list(sandbox, divided.by_supervisor);
  }
  argv.insert(argv.end(), {"--", programs.bwrap, "--args", fd, "--"});
  argv.insert(argv.end(), sandbox.argv.begin(), sandbox.argv.end());
  Command command = command_for(sandbox, std::move(argv));
  for (const std::string& variable : sandbox.environment) {
    if (!is_for_loader(variable)) command.environment.push_back(variable);
  }
  // The supervisor reads its part and leaves the rest to bwrap.
  command.extra_fd = text + Options(sandbox, divided, tree, programs.gpus).text();
  return command;
}

Availability user_namespaces() {
  const auto unusable = [](const std::string& reason, const std::string& setting) {
    return Availability{false, "", "ordinary users may not make user namespaces (" + reason + ")",
                        "Run: sudo sysctl -w " + setting};
  };
  if (geteuid() == 0) return {true, "", "", ""};
  if (setting("kernel/unprivileged_userns_clone") == "0") {
    return unusable("kernel.unprivileged_userns_clone is 0", "kernel.unprivileged_userns_clone=1");
  }
  if (setting("user/max_user_namespaces") == "0") {
    return unusable("user.max_user_namespaces is 0", "user.max_user_namespaces=15000");
  }
  return {true, "", "", ""};
}

const Runner& bubblewrap_runner() {
  static const Bubblewrap runner;
  return runner;
}

}  // namespace cntr::runner
