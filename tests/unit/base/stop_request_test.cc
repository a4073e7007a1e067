#include "base/stop_request.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "base/digest.h"
#include "base/file_system.h"
#include "base/process.h"

namespace cntr {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

bool is_readable(int fd) {
  pollfd polled{fd, POLLIN, 0};
  return poll(&polled, 1, 0) == 1;
}

Command script_command(const std::string& script) {
  Command command;
  command.argv = {"/bin/sh", "-c", script};
  command.environment = {"PATH=/usr/bin:/bin"};
  return command;
}

class StopRequestTest : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
  void wait_for_file(const std::string& name) {
    while (!exists(path(name))) std::this_thread::sleep_for(milliseconds(2));
  }

  TemporaryDirectory directory_{"/tmp", "cntr-stop-"};
  StopRequest stop_;
};

TEST_F(StopRequestTest, ShowsHowOftenItWasRaised) {
  EXPECT_EQ(stop_.level(), 0);
  EXPECT_FALSE(is_readable(stop_.descriptor(1)));
  stop_.raise();
  EXPECT_EQ(stop_.level(), 1);
  EXPECT_TRUE(is_readable(stop_.descriptor(1)));
  EXPECT_FALSE(is_readable(stop_.descriptor(2)));
  stop_.raise();
  EXPECT_TRUE(is_readable(stop_.descriptor(1)));
  EXPECT_TRUE(is_readable(stop_.descriptor(2)));
}

TEST_F(StopRequestTest, ConcernsTheThreadsThatListen) {
  stop_.raise();
  throw_if_stopped();
  std::thread([this] {
    const StopScope scope(stop_);
    EXPECT_THROW(throw_if_stopped(), Stopped);
  }).join();
  EXPECT_EQ(stop_request_of_thread(), nullptr);
}

TEST_F(StopRequestTest, EndsTheProcessesOfAllThreads) {
  std::vector<std::thread> threads;
  std::vector<ExitStatus> ends(8);
  for (size_t i = 0; i < ends.size(); ++i) {
    threads.emplace_back([this, i, &ends] {
      const StopScope scope(stop_);
      const std::string started = path(std::to_string(i));
      ends[i] = run_process(script_command("touch " + started + "; exec sleep 100"), {}, nullptr);
    });
  }
  for (size_t i = 0; i < ends.size(); ++i) wait_for_file(std::to_string(i));
  stop_.raise();
  for (std::thread& thread : threads) thread.join();
  for (const ExitStatus& end : ends) {
    EXPECT_EQ(end, (ExitStatus{.code = 143, .signal = SIGTERM, .interrupted = true}));
  }
}

TEST_F(StopRequestTest, RaisedAgainKillsAtOnce) {
  const StopScope scope(stop_);
  std::thread user([this] {
    wait_for_file("ready");
    stop_.raise();
    wait_for_file("asked");
    stop_.raise();
  });
  const auto before = steady_clock::now();
  const ExitStatus end =
      run_process(script_command("trap 'touch " + path("asked") + "' TERM; touch " + path("ready") +
                                 "; while :; do sleep 0.01; done"),
                  {}, nullptr);
  user.join();
  EXPECT_EQ(end, (ExitStatus{.code = 137, .signal = SIGKILL, .interrupted = true}));
  EXPECT_LT(steady_clock::now() - before, milliseconds(1900));  // not after the time of grace
}

TEST_F(StopRequestTest, NothingIsStartedAfterIt) {
  const StopScope scope(stop_);
  stop_.raise();
  EXPECT_THROW(run_process(script_command("touch " + path("started")), {}, nullptr), Stopped);
  EXPECT_FALSE(exists(path("started")));
}

TEST_F(StopRequestTest, WhatACapturedCommandPrintedIsNoAnswerThen) {
  const StopScope scope(stop_);
  std::thread user([this] {
    wait_for_file("ready");
    stop_.raise();
  });
  EXPECT_THROW(capture_process({"sh", "-c", "touch " + path("ready") + "; exec sleep 100"}),
               Stopped);
  user.join();
}

TEST_F(StopRequestTest, EndsTheWaitForALock) {
  const FileLock held(path("lock"));
  const StopScope scope(stop_);
  std::thread user;
  EXPECT_THROW(FileLock(path("lock"), [&] { user = std::thread([this] { stop_.raise(); }); }),
               Stopped);
  user.join();
}

TEST_F(StopRequestTest, AThreadThatListensStillGetsItsLock) {
  const StopScope scope(stop_);
  std::optional<FileLock> held(path("lock"));
  std::thread holder;
  const FileLock mine(path("lock"), [&] { holder = std::thread([&] { held.reset(); }); });
  holder.join();
  EXPECT_FALSE(FileLock::try_lock(path("lock")));
}

TEST_F(StopRequestTest, EndsTheReadingOfAFile) {
  write_file_atomically(path("file"), "bytes");
  const StopScope scope(stop_);
  EXPECT_EQ(digest_of_file(path("file")), digest_of("bytes"));
  stop_.raise();
  EXPECT_THROW(digest_of_file(path("file")), Stopped);
}

}  // namespace
}  // namespace cntr
