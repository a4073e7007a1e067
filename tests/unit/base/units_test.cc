#include "base/units.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace cntr {
namespace {

using std::chrono::milliseconds;

TEST(Units, Durations) {
  EXPECT_EQ(parse_duration("90"), milliseconds(90'000));
  EXPECT_EQ(parse_duration("90s"), milliseconds(90'000));
  EXPECT_EQ(parse_duration("1500ms"), milliseconds(1500));
  EXPECT_EQ(parse_duration("5min"), milliseconds(300'000));
  EXPECT_EQ(parse_duration("2h"), milliseconds(7'200'000));
  EXPECT_EQ(parse_duration("1d"), milliseconds(86'400'000));
}

TEST(Units, BadDurationsAreAnswered) {
  for (const char* bad :
       {"", "s", "0", "-1s", "1.5s", "1 s", "5m", "99999999999999999999s", "9999999d"}) {
    try {
      parse_duration(bad);
      FAIL() << bad;
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()),
                "Bad duration \"" + std::string(bad) +
                    "\"\n  Write a positive whole number with a unit: 500ms, 90s, 10min, 2h, 1d.");
    }
  }
}

TEST(Units, Sizes) {
  EXPECT_EQ(parse_bytes("4096"), 4096U);
  EXPECT_EQ(parse_bytes("64Ki"), 65'536U);
  EXPECT_EQ(parse_bytes("8Gi"), uint64_t{8} << 30);
  EXPECT_EQ(parse_bytes("500M"), 500'000'000U);
  EXPECT_THROW(parse_bytes("8GB"), Error);
  EXPECT_THROW(parse_bytes("8388608Ti"), Error);
}

TEST(Units, ForPeople) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(1023), "1023 B");
  EXPECT_EQ(format_bytes(1536), "1.5 KiB");
  EXPECT_EQ(format_bytes(uint64_t{3} << 40), "3.0 TiB");
  EXPECT_EQ(format_duration(milliseconds(350)), "350 ms");
  EXPECT_EQ(format_duration(milliseconds(2440)), "2.4 s");
  EXPECT_EQ(format_duration(milliseconds(185'000)), "3 min 5 s");
  EXPECT_EQ(format_duration(milliseconds(7'260'000)), "2 h 1 min");
}

}  // namespace
}  // namespace cntr
