#include "env/prefix_sandbox.h"

#include <unistd.h>

#include <array>
#include <utility>
#include <variant>

#include "base/error.h"
#include "base/file_system.h"
#include "runner/launch.h"

namespace cntr::env {
namespace {

constexpr std::array<const char*, 9> kSystemDirectories = {
    "bin", "etc", "lib", "lib32", "lib64", "nix", "libx32", "sbin", "usr"};

}  // namespace

const char* const kSandboxPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

ShownImage::ShownImage(const std::string& image, const std::string& workspace) {
  mount::Mounted mounted = mount::Mounts().mount({image}, "env-in-making");
  if (auto* const use = std::get_if<mount::MountedImage>(&mounted)) {
    use_.emplace(std::move(*use));
    path_ = use_->path();
    return;
  }
  path_ = workspace + "/lower";
  const auto& obstacle = std::get<mount::NotPossible>(mounted);
  const std::string unsquashfs = runner::required_program("unsquashfs", obstacle.fix);
  const Captured run =
      capture_process({unsquashfs, "-quiet", "-no-progress", "-no-xattrs", "-dest", path_, image});
  if (run.status.code != 0) {
    throw environment_error("Cannot unpack " + image + ": " + runner::last_line(run.err));
  }
}

std::vector<std::string> sandbox_variables() {
  return {"HOME=/tmp", "LC_ALL=C.UTF-8", "PYTHONDONTWRITEBYTECODE=1", "PYTHONHASHSEED=0",
          "SOURCE_DATE_EPOCH=315532800"};
}

std::vector<std::string> sandbox_command(const std::string& purpose, SandboxNetwork network) {
  std::vector<std::string> out = {
      runner::required_program(
          "bwrap",
          "Install bubblewrap (on Debian: apt install bubblewrap), in which " + purpose + "."),
      "--die-with-parent",
      "--new-session",
      "--unshare-pid",
      "--unshare-ipc",
      "--unshare-uts",
      "--hostname",
      "cntr",
      "--cap-drop",
      "ALL",
      "--proc",
      "/proc",
      "--dev",
      "/dev",
      "--tmpfs",
      "/tmp"};
  if (network == SandboxNetwork::kNone) out.emplace_back("--unshare-net");
  if (geteuid() != 0) out.emplace_back("--unshare-user");
  for (const char* const name : kSystemDirectories) {
    const std::string path = std::string("/") + name;
    const auto stat = stat_link(path);
    if (!stat) continue;
    if (stat->kind == FileKind::kSymlink) {
      out.insert(out.end(), {"--symlink", read_link(path), path});
    } else {
      out.insert(out.end(), {"--ro-bind", path, path});
    }
  }
  return out;
}

std::optional<std::string> failure_of_sandbox(const ExitStatus& status, const std::string& output) {
  if (auto failure = runner::supervisor_failure(status, output)) return failure;
  const std::string line = runner::last_line(output);
  if (status.code == 1 && line.starts_with("bwrap: ")) return line;
  return std::nullopt;
}

}  // namespace cntr::env
