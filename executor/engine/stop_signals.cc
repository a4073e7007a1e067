#include "engine/stop_signals.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

#include "base/error.h"

namespace cntr::engine {
namespace {

// All that the handler touches: lock-free, hence safe in it.
std::atomic<int> event_descriptor = -1;
std::atomic<int> first_signal = 0;
std::atomic<bool> is_from_terminal = false;
std::atomic<int> signal_count = 0;
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

void add_one(int descriptor) {
  const uint64_t one = 1;
  // It fails only when the counter is full: then the descriptor is readable already.
  [[maybe_unused]] const ssize_t size = write(descriptor, &one, sizeof one);
}

void on_signal(int number, siginfo_t* info, void* /*context*/) {
  const int error = errno;
  int none = 0;
  if (first_signal.compare_exchange_strong(none, number)) {
    is_from_terminal = info->si_code == SI_KERNEL;
  }
  ++signal_count;
  add_one(event_descriptor);
  errno = error;
}

void handle(int number, struct sigaction& old) {
  struct sigaction action = {};
  action.sa_sigaction = on_signal;
  // Other threads need not expect that a system call is interrupted.
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigaction(number, &action, &old);
}

}  // namespace

StopSignals::StopSignals() : event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!event_.valid()) throw system_error("cannot watch for signals", errno);
  first_signal = 0;
  is_from_terminal = false;
  signal_count = 0;
  event_descriptor = event_.get();

  handle(SIGINT, old_interrupt_);
  handle(SIGTERM, old_terminate_);
  handle(SIGHUP, old_hangup_);
  if (old_hangup_.sa_handler == SIG_IGN) sigaction(SIGHUP, &old_hangup_, nullptr);
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  sigaction(SIGCHLD, &action, &old_child_);
}

StopSignals::~StopSignals() {
  sigaction(SIGINT, &old_interrupt_, nullptr);
  sigaction(SIGTERM, &old_terminate_, nullptr);
  sigaction(SIGHUP, &old_hangup_, nullptr);
  sigaction(SIGCHLD, &old_child_, nullptr);
  event_descriptor = -1;
}

void StopSignals::wake() { add_one(event_.get()); }

void StopSignals::drain() {
  uint64_t sum;
  [[maybe_unused]] const ssize_t size = read(event_.get(), &sum, sizeof sum);
}

int StopSignals::first() const { return first_signal; }
bool StopSignals::first_from_terminal() const { return is_from_terminal; }
int StopSignals::count() const { return signal_count; }

}  // namespace cntr::engine
