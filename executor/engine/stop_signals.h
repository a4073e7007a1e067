// SIGINT, SIGTERM and SIGHUP, turned into something to wait for. By handlers and not by a blocked
// mask and signalfd: so the threads of the process need not know of it, and children start with
// the mask and the dispositions that this process was given.
#pragma once

#include <csignal>

#include "base/file_system.h"

namespace cntr::engine {

// One object a process at a time. Restores the dispositions that it found.
class StopSignals {
 public:
  // A SIGHUP that is ignored (nohup) stays so. SIGCHLD gets its default: were it ignored, the
  // system would reap the children. Throws an environment Error when it has no descriptor.
  StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  ~StopSignals();

  // Readable after a signal or a wake(), until drained.
  int descriptor() const { return event_.get(); }
  // Thread-safe.
  void wake();
  void drain();

  // The first one that came; 0 when none has.
  int first() const;
  // A Ctrl-C or a hangup of the terminal, which its whole foreground group has got as well.
  bool first_from_terminal() const;
  int count() const;

 private:
  UniqueFd event_;
  struct sigaction old_interrupt_ = {};
  struct sigaction old_terminate_ = {};
  struct sigaction old_hangup_ = {};
  struct sigaction old_child_ = {};
};

}  // namespace cntr::engine
