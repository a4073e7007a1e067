#include "env/link_scripts.h"

#include <sys/stat.h>
#include <sys/xattr.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/error.h"
#include "base/file_system.h"
#include "base/process.h"
#include "base/stop_request.h"
#include "base/text.h"
#include "env/activation.h"
#include "env/prefix_sandbox.h"
#include "runner/launch.h"

namespace cntr::env {
namespace {

constexpr std::string_view kMessages = ".messages.txt";
constexpr size_t kMostLines = 20;  // of a failed script's output

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> out;
  for (const std::string& line : split(text, '\n')) {
    if (!line.empty()) out.push_back(printable(line));
  }
  return out;
}

class Session {
 public:
  Session(const std::string& image, const std::string& prefix, const std::string& workspace,
          const WarningSink& warn)
      : lower_(image, workspace), prefix_(prefix), overlay_(workspace + "/overlay"), warn_(warn) {}

  std::string upper() const { return overlay_ + "/upper"; }

  void run(const LinkScript& script) {
    throw_if_stopped();
    const std::string what =
        "The " + script.action + " script of the package " + script.package->dist();
    std::string output;
    const ExitStatus status =
        run_process(command(script), {}, [&](std::string_view bytes) { output.append(bytes); });
    if (status.interrupted) throw Stopped();
    if (const auto failure = failure_of_sandbox(status, output)) {
      throw environment_error(
          what + " cannot be run: " + printable(*failure),
          {"Link scripts run in bubblewrap, over an overlay. With link scripts ignored, the "
           "environment is made without what they would do."});
    }
    std::vector<std::string> messages = take_messages();
    if (status.code != 0) {
      const std::vector<std::string> lines = lines_of(output);
      const size_t begin = lines.size() > kMostLines ? lines.size() - kMostLines : 0;
      messages.insert(messages.end(), lines.begin() + static_cast<ptrdiff_t>(begin), lines.end());
      throw user_error(what + " failed with exit code " + std::to_string(status.code), messages);
    }
    for (const std::string& line : messages) warn_(script.package->dist() + " says: " + line);
  }

 private:
  Command command(const LinkScript& script) const {
    const PackageInfo& package = *script.package;
    const std::string path = prefix_ + "/" + script.path;
    Command out;
    out.environment = {"PREFIX=" + prefix_,
                       "ROOT_PREFIX=" + prefix_,
                       "SOURCE_DIR=" + prefix_,
                       "PKG_NAME=" + package.name,
                       "PKG_VERSION=" + package.version,
                       "PKG_BUILDNUM=" + std::to_string(package.build_number),
                       "PATH=" + search_path_in(prefix_, kSandboxPath)};
    for (const std::string& variable : sandbox_variables()) out.environment.push_back(variable);
    std::vector<std::string> argv = {"/bin/bash", path};
    if (script.action == "post-link") {  // conda activates for these alone
      const Activation activation = activation_of(lower_.path(), prefix_);
      for (const auto& [name, value] : activation.variables) {
        out.environment.push_back(name + "=" + value);
      }
      argv = activated_command(activation.scripts, argv);
    }
    out.argv = {runner::supervisor_program(), "--overlay", lower_.path(), overlay_, "--"};
    const std::vector<std::string> sandbox = sandbox_command("the link scripts of packages run");
    out.argv.insert(out.argv.end(), sandbox.begin(), sandbox.end());
    out.argv.insert(out.argv.end(),
                    {"--bind", overlay_ + "/root", prefix_, "--chdir", prefix_ + "/bin"});
    out.argv.emplace_back("--");
    out.argv.insert(out.argv.end(), argv.begin(), argv.end());
    return out;
  }

  std::vector<std::string> take_messages() const {
    const std::string path = upper() + "/" + std::string(kMessages);
    const auto stat = stat_link(path);
    if (!stat || stat->kind != FileKind::kRegular) return {};
    std::vector<std::string> out = lines_of(read_file(path));
    remove_tree(path);
    return out;
  }

  ShownImage lower_;
  const std::string& prefix_;
  std::string overlay_;
  const WarningSink& warn_;
};

// ---- what is in the upper directory of an overlay (overlayfs.rst of Linux) ---------------------

std::string overlay_attribute(const std::string& path, const std::string& name) {
  std::array<char, 256> value{};
  for (const char* const space : {"trusted.overlay.", "user.overlay."}) {
    const ssize_t size =
        lgetxattr(path.c_str(), (space + name).c_str(), value.data(), value.size());
    if (size > 0) return {value.data(), static_cast<size_t>(size)};
  }
  return "";
}

bool is_whiteout(const std::string& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == 0;
}

PrefixChange change_at(const std::string& file, const std::string& path) {
  PrefixChange out;
  out.path = path;
  out.file = file;
  const auto stat = stat_link(file);
  if (!stat) throw environment_error("Cannot read " + file);
  out.mode = stat->mode;
  switch (stat->kind) {
    case FileKind::kRegular:
      out.kind = PrefixChange::Kind::kFile;
      return out;
    case FileKind::kSymlink:
      out.kind = PrefixChange::Kind::kSymlink;
      out.target = read_link(file);
      return out;
    case FileKind::kDirectory:
      if (!overlay_attribute(file, "redirect").empty()) {
        throw environment_error("Link scripts renamed the directory " + quote(path) +
                                ", which the overlays of this machine do not show");
      }
      out.kind = overlay_attribute(file, "opaque") == "y" ? PrefixChange::Kind::kNewDirectory
                                                          : PrefixChange::Kind::kDirectory;
      return out;
    case FileKind::kOther:
      break;
  }
  if (is_whiteout(file)) return out;
  throw user_error("A link script made " + quote(path) +
                   ", which is a device, a fifo or a socket: no environment may have one");
}

void find_changes(const std::string& directory, const std::string& path,
                  std::vector<PrefixChange>& out) {
  std::vector<std::string> names = list_directory(directory);
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    if (path.empty() && (name == "conda-meta" || name == kMessages)) continue;
    const std::string file = directory + "/" + name;
    out.push_back(change_at(file, path.empty() ? name : path + "/" + name));
    const PrefixChange::Kind kind = out.back().kind;
    if (kind == PrefixChange::Kind::kDirectory || kind == PrefixChange::Kind::kNewDirectory) {
      find_changes(file, normal_package_path(out.back().path, "a link script made the path"), out);
    }
  }
}

}  // namespace

std::vector<LinkScript> link_scripts_of(const PackageInfo& package,
                                        const std::optional<Python>& python) {
  std::vector<LinkScript> out;
  for (const char* const action : {"pre-link", "post-link"}) {
    const std::string wanted = "bin/." + package.name + "-" + action + ".sh";
    const bool there =
        std::any_of(package.paths.begin(), package.paths.end(), [&](const PackagePath& path) {
          return path_in_prefix(package, path.path, python) == wanted;
        });
    if (there) out.push_back({wanted, action, &package});
  }
  return out;
}

std::vector<PrefixChange> run_link_scripts(const std::vector<LinkScript>& scripts,
                                           const std::string& image, const std::string& prefix,
                                           const std::string& workspace, const WarningSink& warn,
                                           const std::function<void()>& on_end) {
  Session session(image, prefix, workspace, warn);
  for (const LinkScript& script : scripts) {
    session.run(script);
    on_end();
  }
  std::vector<PrefixChange> out;
  find_changes(session.upper(), "", out);
  return out;
}

}  // namespace cntr::env
