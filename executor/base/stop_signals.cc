#include "base/stop_signals.h"

#include <atomic>
#include <cerrno>

namespace cntr {
namespace {

// All that the handler touches: lock-free, hence safe in it.
std::atomic<StopRequest*> request_to_raise = nullptr;
std::atomic<int> first_signal = 0;
std::atomic<bool> is_from_terminal = false;
static_assert(std::atomic<StopRequest*>::is_always_lock_free &&
              std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

void on_signal(int number, siginfo_t* info, void* /*context*/) {
  const int error = errno;
  int none = 0;
  if (first_signal.compare_exchange_strong(none, number)) {
    is_from_terminal = info->si_code == SI_KERNEL;
  }
  if (StopRequest* const request = request_to_raise) request->raise();
  errno = error;
}

// Work that tidies up after a signal has no reader of its words any more, when the one who sent the
// signal has gone: that must not end it twice.
void on_lost_reader(int number, siginfo_t* info, void* context) {
  if (first_signal == 0) on_signal(number, info, context);
}

void on_signal_for_another(int /*number*/, siginfo_t* /*info*/, void* /*context*/) {}

}  // namespace

StopSignals::StopSignals(StopRequest& request, const StopSignalOptions& options) {
  first_signal = 0;
  is_from_terminal = false;
  request_to_raise = &request;
  const Handler of_keyboard = options.terminal_is_lent ? on_signal_for_another : on_signal;
  handle(SIGINT, of_keyboard, options.keep_ignored);
  if (options.terminal_is_lent) handle(SIGQUIT, of_keyboard, options.keep_ignored);
  handle(SIGTERM, on_signal, options.keep_ignored);
  handle(SIGHUP, on_signal, /*keep_ignored=*/true);
  handle(SIGPIPE, on_lost_reader, /*keep_ignored=*/true);
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  struct sigaction old;
  sigaction(SIGCHLD, &action, &old);
  old_.emplace_back(SIGCHLD, old);
}

StopSignals::~StopSignals() {
  for (const auto& [number, old] : old_) sigaction(number, &old, nullptr);
  request_to_raise = nullptr;
}

void StopSignals::handle(int number, Handler handler, bool keep_ignored) {
  struct sigaction action = {};
  action.sa_sigaction = handler;
  // Other threads need not expect that a system call is interrupted.
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  struct sigaction old;
  sigaction(number, &action, &old);
  if (keep_ignored && old.sa_handler == SIG_IGN) {
    sigaction(number, &old, nullptr);
  } else {
    old_.emplace_back(number, old);
  }
}

int StopSignals::first() const { return first_signal; }
bool StopSignals::first_from_terminal() const { return is_from_terminal; }

}  // namespace cntr
