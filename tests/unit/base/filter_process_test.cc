#include "base/filter_process.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/stop_request.h"

namespace cntr {
namespace {

Command filter(const std::string& script) {
  Command command;
  command.argv = {"/bin/sh", "-c", script};
  command.environment = {"PATH=/usr/bin:/bin"};
  return command;
}

// Pieces of 1000 bytes, then the end.
FilterProcess::More pieces(int count) {
  return [count, piece = std::string()]() mutable -> std::string_view {
    if (count == 0) return {};
    piece.assign(1000, static_cast<char>('a' + count-- % 26));
    return piece;
  };
}

std::string all_of(FilterProcess& process) {
  std::string out;
  for (;;) {
    const std::string_view bytes = process.next();
    if (bytes.empty()) return out;
    out += bytes;
  }
}

TEST(FilterProcessTest, MoreBytesGoThroughThanAPipeHolds) {
  constexpr int kPieces = 5000;
  std::string expected;
  const FilterProcess::More same = pieces(kPieces);
  for (int i = 0; i < kPieces; ++i) expected += same();
  FilterProcess process(filter("cat"), pieces(kPieces));
  EXPECT_EQ(all_of(process), expected);
  EXPECT_EQ(process.status(), ExitStatus());
  EXPECT_EQ(process.next(), "");
}

TEST(FilterProcessTest, AProgramMayWantLessThanThereIs) {
  FilterProcess process(filter("head -c 5; exit 3"), pieces(100'000));
  EXPECT_EQ(all_of(process).size(), 5U);
  EXPECT_EQ(process.status().code, 3);
}

TEST(FilterProcessTest, AProgramThatDies) {
  FilterProcess process(filter("kill -9 $$"), pieces(100));
  EXPECT_EQ(all_of(process), "");
  EXPECT_EQ(process.status().signal, SIGKILL);
}

TEST(FilterProcessTest, WhatItIsGivenMayFail) {
  FilterProcess process(filter("cat"), []() -> std::string_view { throw user_error("no more"); });
  EXPECT_THROW(process.next(), Error);
}

TEST(FilterProcessTest, AProgramThatNobodyListensToIsEnded) {
  const auto begin = std::chrono::steady_clock::now();
  { const FilterProcess process(filter("sleep 100"), pieces(0)); }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(50));
}

TEST(FilterProcessTest, AThreadThatIsToStopDoesNotWait) {
  StopRequest stop;
  const StopScope scope(stop);
  FilterProcess process(filter("sleep 100"), pieces(0));
  stop.raise();
  EXPECT_THROW(process.next(), Stopped);
}

TEST(FilterProcessTest, AProgramThatIsNotThere) {
  Command command;
  command.argv = {"/nonexistent/program"};
  EXPECT_THROW(FilterProcess(command, pieces(0)), Error);
}

}  // namespace
}  // namespace cntr
