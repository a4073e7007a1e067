#include "base/parallel.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace cntr {
namespace {

TEST(ParallelTest, EachNumberHasItsTurn) {
  for (const unsigned threads : {0U, 1U, 3U, 200U}) {
    std::vector<std::atomic<int>> calls(100);
    run_in_parallel(calls.size(), threads, [&](size_t i) { ++calls[i]; });
    for (const std::atomic<int>& count : calls) EXPECT_EQ(count, 1) << threads;
  }
}

TEST(ParallelTest, OneThreadIsTheCallers) {
  std::thread::id its;
  run_in_parallel(1, 4, [&](size_t) { its = std::this_thread::get_id(); });
  EXPECT_EQ(its, std::this_thread::get_id());
}

TEST(ParallelTest, ThrowsTheExceptionOfTheLowestNumberAndBeginsNoMore) {
  std::atomic<int> begun{0};
  try {
    run_in_parallel(1000, 2, [&](size_t i) {
      ++begun;
      throw std::runtime_error(std::to_string(i));
    });
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "0");
  }
  EXPECT_LE(begun, 2);
}

TEST(ParallelTest, WithoutRoomForThreadsTheCallersDoesAll) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer needs more memory than the test allows";
#endif
  const auto run = [] {
    const rlimit nothing_more{1, 1};
    if (setrlimit(RLIMIT_AS, &nothing_more) != 0) std::_Exit(2);
    int calls = 0;
    run_in_parallel(10, 4, [&](size_t) { ++calls; });
    std::_Exit(calls == 10 ? 0 : 1);
  };
  EXPECT_EXIT(run(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace cntr
