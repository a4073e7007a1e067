#include "base/stop_signals.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <optional>

namespace cntr {
namespace {

// A disposition as it was, when the test is over.
class ScopedDisposition {
 public:
  ScopedDisposition(int number, sighandler_t handler) : number_(number) {
    struct sigaction action = {};
    action.sa_handler = handler;
    sigaction(number, &action, &old_);
  }
  ScopedDisposition(const ScopedDisposition&) = delete;
  ScopedDisposition& operator=(const ScopedDisposition&) = delete;
  ~ScopedDisposition() { sigaction(number_, &old_, nullptr); }

 private:
  int number_;
  struct sigaction old_ = {};
};

sighandler_t disposition(int number) {
  struct sigaction action;
  sigaction(number, nullptr, &action);
  return action.sa_handler;
}

TEST(StopSignalsTest, EachSignalRaisesTheRequest) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) {
    const ScopedDisposition usual(number, SIG_DFL);
    StopRequest request;
    {
      const StopSignals signals(request, {});
      EXPECT_EQ(signals.first(), 0);
      raise(number);
      EXPECT_EQ(request.level(), 1);
      EXPECT_EQ(signals.first(), number);
      EXPECT_FALSE(signals.first_from_terminal());
      raise(SIGTERM);
      EXPECT_EQ(request.level(), 2);
      EXPECT_EQ(signals.first(), number);
    }
    EXPECT_EQ(disposition(number), SIG_DFL);
  }
}

TEST(StopSignalsTest, WhatIsIgnoredStaysSo) {
  const ScopedDisposition interrupt(SIGINT, SIG_IGN);
  const ScopedDisposition hangup(SIGHUP, SIG_IGN);
  StopRequest request;
  const StopSignals signals(request, {});
  raise(SIGINT);
  raise(SIGHUP);
  EXPECT_EQ(request.level(), 0);
}

// Whoever sent the signal may be gone already, and read nothing more.
TEST(StopSignalsTest, ALostReaderDoesNotHurryAnEnd) {
  const ScopedDisposition interrupt(SIGINT, SIG_DFL);
  const ScopedDisposition pipe(SIGPIPE, SIG_DFL);
  StopRequest request;
  const StopSignals signals(request, {});
  raise(SIGINT);
  raise(SIGPIPE);
  EXPECT_EQ(request.level(), 1);
  EXPECT_EQ(signals.first(), SIGINT);
}

TEST(StopSignalsTest, ABuildInTheBackgroundOfAScriptHearsAnInterruptIfItWants) {
  const ScopedDisposition interrupt(SIGINT, SIG_IGN);
  const ScopedDisposition hangup(SIGHUP, SIG_IGN);
  StopRequest request;
  const StopSignals signals(request, {.keep_ignored = false});
  raise(SIGHUP);
  EXPECT_EQ(request.level(), 0);
  raise(SIGINT);
  EXPECT_EQ(request.level(), 1);
}

TEST(StopSignalsTest, TheKeyboardIsForWhoHasTheTerminal) {
  const ScopedDisposition interrupt(SIGINT, SIG_DFL);
  StopRequest request;
  const StopSignals signals(request, {.terminal_is_lent = true});
  raise(SIGINT);
  raise(SIGQUIT);
  EXPECT_EQ(request.level(), 0);
  raise(SIGTERM);
  EXPECT_EQ(request.level(), 1);
}

TEST(StopSignalsTest, ChildrenAreNotReapedByTheSystem) {
  const ScopedDisposition child(SIGCHLD, SIG_IGN);
  StopRequest request;
  {
    const StopSignals signals(request, {});
    EXPECT_EQ(disposition(SIGCHLD), SIG_DFL);
  }
  EXPECT_EQ(disposition(SIGCHLD), SIG_IGN);
}

}  // namespace
}  // namespace cntr
