#include "ninja/command_hash.h"

#include <gtest/gtest.h>

#include <string>

namespace cntr::ninja {
namespace {

struct CommandHashCase {
  std::string text;
  uint64_t murmur;
  uint64_t rapid;
};

// From the logs of ninja 1.11 (version 5) and 1.14 (version 7) after a build of these commands.
TEST(CommandHash, IsWhatNinjaWrites) {
  const CommandHashCase cases[] = {
      {":", 0x2e49d2477c6737f0, 0xa2da22321247804b},
      {"cd", 0x70384790b91f24fc, 0xd7a308a942b8d696},
      {": compile a.cc", 0x7146348c5e7e8304, 0xeb612cbc4a4fdeaf},
      {": @x.rsp;rspfile=a.o b.o c.o", 0x8805debcc7fab86e, 0x2a5a6bb3caacbf4c},
  };
  for (const CommandHashCase& c : cases) {
    EXPECT_EQ(command_hash(c.text, 5), c.murmur) << c.text;
    EXPECT_EQ(command_hash(c.text, 6), c.murmur) << c.text;
    EXPECT_EQ(command_hash(c.text, 7), c.rapid) << c.text;
  }
}

// Every length takes its own way through the algorithms; the expected values come from their
// published sources.
TEST(CommandHash, IsRightForEveryLength) {
  std::string text;
  const auto add_character = [&text] { text += static_cast<char>(' ' + text.size() * 7 % 95); };
  uint64_t murmur = 0;
  uint64_t rapid = 0;
  while (text.size() <= 200) {
    murmur = murmur * 31 + murmur_hash(text);
    rapid = rapid * 31 + rapid_hash(text);
    add_character();
  }
  EXPECT_EQ(murmur, 0x387d71d95b6fbf05U);
  EXPECT_EQ(rapid, 0x8ca3ece3a8ae9487U);

  while (text.size() < 100'000) add_character();
  EXPECT_EQ(murmur_hash(text), 0xe7a845adfa74f352U);
  EXPECT_EQ(rapid_hash(text), 0x6bd265faff294f4fU);
}

}  // namespace
}  // namespace cntr::ninja
