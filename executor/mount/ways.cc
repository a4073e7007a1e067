#include "mount/ways.h"

#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/process.h"
#include "base/text.h"
#include "mount/child.h"

namespace cntr::mount {
namespace {

constexpr uint64_t kKernelBlock = 1024;  // the kernel reads squashfs in blocks of this size
constexpr uint64_t kSector = 512;        // a loop device has whole sectors
constexpr int kLoopAttempts = 50;        // others take free loop devices too
const std::string kInstall = "Install squashfuse and fuse3 (Debian: apt install squashfuse fuse3).";

std::string reason_of(const std::string& what, int error) { return what + ": " + strerror(error); }

// --- the kernel -------------------------------------------------------------------------------

struct LoopDevice {
  UniqueFd fd;
  std::string path;
  std::string trouble;  // why there is none
};

// The device goes by itself when the last who has it open, a mount included, is gone.
LoopDevice attach_loop(const SourceFile& file, uint64_t size) {
  LoopDevice device;
  const UniqueFd control(open("/dev/loop-control", O_RDWR | O_CLOEXEC));
  if (!control.valid()) {
    device.trouble = reason_of("/dev/loop-control", errno);
    return device;
  }
  for (int attempt = 0; attempt < kLoopAttempts; ++attempt) {
    const int number = ioctl(control.get(), LOOP_CTL_GET_FREE);
    if (number < 0) {
      device.trouble = reason_of("no free loop device", errno);
      return device;
    }
    device.path = "/dev/loop" + std::to_string(number);
    device.fd = UniqueFd(open(device.path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!device.fd.valid()) {
      device.trouble = reason_of(device.path, errno);
      return device;
    }
    loop_config config{};
    config.fd = static_cast<uint32_t>(file.descriptor());
    config.info.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR;
    config.info.lo_offset = file.source().offset;
    config.info.lo_sizelimit = size;
    if (ioctl(device.fd.get(), LOOP_CONFIGURE, &config) == 0) {
      device.trouble.clear();
      return device;
    }
    device.trouble = reason_of(device.path, errno);
    device.fd.reset();
    if (errno != EBUSY) return device;
  }
  return device;
}

std::optional<Obstacle> mount_by_kernel(const SourceFile& file, const std::string& directory) {
  if (geteuid() != 0) return Obstacle{"the kernel mounts squashfs files only for root", ""};
  const uint64_t size = (file.size() + kKernelBlock - 1) / kKernelBlock * kKernelBlock;
  if (size > file.available() / kSector * kSector) {
    return Obstacle{"the kernel cannot mount a squashfs file without padding at its end", ""};
  }
  const LoopDevice device = attach_loop(file, size);
  if (!device.fd.valid()) return Obstacle{"there is no loop device (" + device.trouble + ")", ""};
  if (::mount(device.path.c_str(), directory.c_str(), "squashfs", MS_RDONLY | MS_NOSUID | MS_NODEV,
              nullptr) != 0) {
    return Obstacle{reason_of("the kernel does not mount squashfs files here", errno), ""};
  }
  return std::nullopt;
}

// --- FUSE -------------------------------------------------------------------------------------

std::optional<std::string> fusermount_program() {
  for (const char* name : {"fusermount3", "fusermount"}) {
    if (auto program = find_program(name, search_path())) return program;
  }
  return std::nullopt;
}

std::optional<Obstacle> obstacle_to_fuse() {
  const UniqueFd device(open("/dev/fuse", O_RDWR | O_CLOEXEC));
  if (!device.valid()) {
    const bool denied = errno == EACCES || errno == EPERM;
    return Obstacle{reason_of("/dev/fuse", errno),
                    denied ? "Let users open FUSE's device: chmod 666 /dev/fuse."
                           : "Let the kernel have FUSE: modprobe fuse; in a container, pass the "
                             "device /dev/fuse."};
  }
  if (geteuid() != 0 && !fusermount_program()) {
    return Obstacle{"fusermount3 is not on PATH", kInstall};
  }
  return std::nullopt;
}

std::optional<Obstacle> mount_by_program(Way way, const SourceFile& file,
                                         const std::string& directory) {
  const std::string name(name_of(way));
  const std::optional<std::string> program = find_program(name, search_path());
  if (!program) return Obstacle{name + " is not on PATH", kInstall};
  if (std::optional<Obstacle> obstacle = obstacle_to_fuse()) return obstacle;
  std::string options = "ro,nosuid,nodev,offset=" + std::to_string(file.source().offset);
  // Sandboxes that root starts run as other users. Permissions are then the kernel's to check.
  if (geteuid() == 0) options += ",allow_other,default_permissions";
  const ChildResult child = run_child(
      {*program, "-o", options, "/proc/self/fd/" + std::to_string(kFirstPassedFd), directory},
      {file.descriptor()});
  if (child.code == 0) return std::nullopt;
  std::string said = child.error;
  while (said.ends_with('\n')) said.pop_back();
  return Obstacle{name + ": " + (said.empty() ? "exit code " + std::to_string(child.code) : said),
                  ""};
}

}  // namespace

std::string_view name_of(Way way) {
  switch (way) {
    case Way::kKernel:
      return "kernel";
    case Way::kSquashfuseLl:
      return "squashfuse_ll";
    case Way::kSquashfuse:
      return "squashfuse";
  }
  return "";
}

std::optional<Way> way_named(std::string_view name) {
  for (const Way way : {Way::kKernel, Way::kSquashfuseLl, Way::kSquashfuse}) {
    if (name == name_of(way)) return way;
  }
  return std::nullopt;
}

std::optional<Obstacle> mount_by(Way way, const SourceFile& file, const std::string& directory) {
  if (way == Way::kKernel) return mount_by_kernel(file, directory);
  return mount_by_program(way, file, directory);
}

std::optional<std::string> unmount_directory(const std::string& directory, Unmounting unmounting) {
  const bool at_once = unmounting == Unmounting::kAtOnce;
  if (umount2(directory.c_str(), UMOUNT_NOFOLLOW | (at_once ? MNT_DETACH : 0)) == 0) {
    return std::nullopt;
  }
  if (errno != EPERM) return strerror(errno);
  const std::optional<std::string> program = fusermount_program();
  if (!program) return "fusermount3 is not on PATH";
  std::vector<std::string> argv{*program, "-u"};
  if (at_once) argv.emplace_back("-z");
  argv.insert(argv.end(), {"--", directory});
  const ChildResult child = run_child(argv, {});
  if (child.code == 0) return std::nullopt;
  return child.error.empty() ? "exit code " + std::to_string(child.code) : child.error;
}

std::string version_of(Way way) {
  if (way == Way::kKernel) {
    utsname name{};
    return uname(&name) == 0 ? std::string("Linux ") + name.release : "";
  }
  const std::optional<std::string> program = find_program(name_of(way).data(), search_path());
  if (!program) return "";
  // "squashfuse 0.1.104 (c) 2012 Dave Vasilevsky", on standard error, whichever the program.
  const std::string first_line = split(run_child({*program, "--version"}, {}).error, '\n').front();
  const std::vector<std::string> words = split(first_line, ' ');
  return words.size() > 1 && words[0] == "squashfuse" ? words[1] : "";
}

}  // namespace cntr::mount
