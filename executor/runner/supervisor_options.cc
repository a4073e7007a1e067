#include "runner/supervisor_options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <string>

namespace cntr::supervisor {
namespace {

[[noreturn]] void fail_usage() {
  fputs("cntr-supervisor: wrong arguments; it is for cntr's own use\n", stderr);
  _exit(kOwnFailure);
}

}  // namespace

void fail(const char* what, const char* which) {
  fprintf(stderr, "cntr-supervisor: %s%s: %s\n", what, which, strerror(errno));
  _exit(kOwnFailure);
}

Options parse_options(int argc, char** argv) {
  Options options;
  int i = 1;
  const auto next = [&] {
    if (i >= argc) fail_usage();
    return argv[i++];
  };
  while (true) {
    const std::string word = next();
    if (word == "--") break;
    if (word == "--lock") {
      const int fd = atoi(next());
      if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) fail("cannot keep the lock");
    } else if (word == "--terminal") {
      options.terminal = true;
    } else if (word == "--stop-signal") {
      options.stop_signal = atoi(next());
    } else if (word == "--overlay") {
      options.overlay_lower = next();
      options.overlay_directory = next();
    } else if (word == "--inputs") {
      options.input_list = atoi(next());
      options.input_directory = next();
      options.gate = atoi(next());
      options.gate_file = next();
    } else if (word == "--started") {
      options.started_file = next();
    } else if (word == "--private-mounts") {
      options.private_mounts = true;
    } else if (word == "--scratch") {
      options.scratch_directory = next();
    } else if (word == "--link") {
      options.link = next();
      options.link_target = next();
    } else if (word == "--cleanup" || word == "--finally") {
      std::vector<char*>& command = word == "--cleanup" ? options.cleanup : options.finally;
      for (int count = atoi(next()); count > 0; --count) command.push_back(next());
      if (!command.empty()) command.push_back(nullptr);
    } else {
      fail_usage();
    }
  }
  if (i >= argc) fail_usage();
  options.command = argv + i;
  return options;
}

}  // namespace cntr::supervisor
