// cntr-mount: mounts one squashfs file and unmounts it when nobody uses it any more. Started by
// mount/mounts.cc; guardian.h says how it lives.
//
// Linked statically: every step may wait for it.
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <exception>
#include <string>
#include <vector>

#include "mount/child.h"
#include "mount/guardian.h"

int main(int argc, char** argv) {
  const auto assignment = cntr::mount::parse_arguments({argv + 1, argv + argc});
  if (!assignment) {
    fputs("cntr-mount: wrong arguments; it is for cntr's own use\n", stderr);
    return 125;
  }
  // The one that was started ends at once, so that nobody has to wait for the guardian.
  const pid_t pid = fork();
  if (pid < 0) return 125;
  if (pid > 0) _exit(0);
  fcntl(cntr::mount::kFirstPassedFd, F_SETFD, FD_CLOEXEC);
  umask(022);
  if (chdir("/") != 0) return 125;
  try {
    guard(*assignment);
  } catch (const std::exception&) {
    return 125;  // what it leaves mounted is the next one's to repair
  }
  return 0;
}
