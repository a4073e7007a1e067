// SIGINT, SIGTERM, SIGHUP and SIGPIPE, turned into a StopRequest: the one place that handles
// signals.
//
// By handlers and not by a blocked mask and signalfd: so the threads of the process need not know
// of it, and children start with the mask and the dispositions that this process was given.
#pragma once

#include <csignal>
#include <utility>
#include <vector>

#include "base/stop_request.h"

namespace cntr {

struct StopSignalOptions {
  // Which of them stay ignored where the process was started so. SIGHUP (nohup) and SIGPIPE always
  // do. SIGINT is ignored in every background command of a script.
  bool keep_ignored = true;
  // The terminal is lent to a program that this process runs: Ctrl-C and Ctrl-\ are for that one.
  bool terminal_is_lent = false;
};

// One object a process at a time. Restores the dispositions that it found.
class StopSignals {
 public:
  // Each signal raises `request`, which must outlive it; but SIGPIPE only when it comes first: what
  // tidies up after another may have lost the reader of its output. SIGCHLD gets its default: were
  // it ignored, the system would reap the children.
  StopSignals(StopRequest& request, const StopSignalOptions& options);
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  ~StopSignals();

  // The first one that came; 0 when none has.
  int first() const;
  // A Ctrl-C or a hangup of the terminal, which its whole foreground group has got as well.
  bool first_from_terminal() const;

 private:
  using Handler = void (*)(int, siginfo_t*, void*);
  void handle(int number, Handler handler, bool keep_ignored);

  std::vector<std::pair<int, struct sigaction>> old_;
};

}  // namespace cntr
