#include "base/fast_hash.h"

#include <gtest/gtest.h>

#include <string>

namespace cntr {
namespace {

TEST(FastHash, IsXxh3) {
  // Known answers of the xxHash specification, seed 0.
  EXPECT_EQ(fast_hash(""), 0x2d06800538d394c2ULL);
  EXPECT_EQ(fast_checksum(""), (Checksum{0x6001c324468d497fULL, 0x99aa06d3014798d8ULL}));
}

TEST(FastHash, DependsOnEveryByteAndTheLength) {
  const std::string text(1000, 'x');
  for (const size_t at : {0, 1, 17, 500, 999}) {
    std::string other = text;
    other[at] = 'y';
    EXPECT_NE(fast_hash(other), fast_hash(text)) << at;
    EXPECT_NE(fast_checksum(other), fast_checksum(text)) << at;
  }
  EXPECT_NE(fast_hash(text + "x"), fast_hash(text));
  EXPECT_NE(fast_checksum(text + "x"), fast_checksum(text));
}

}  // namespace
}  // namespace cntr
