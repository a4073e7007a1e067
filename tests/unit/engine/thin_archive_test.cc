#include "engine/thin_archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace cntr::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string padded(std::string text, size_t size) {
  text.resize(size, ' ');
  return text;
}

std::string header(const std::string& name, size_t size) {
  return padded(name, 48) + padded(std::to_string(size), 10) + "`\n";
}

std::string archive(const std::string& symbols, const std::string& paths) {
  std::string bytes = "!<thin>\n" + header("/", symbols.size()) + symbols;
  if (symbols.size() % 2 != 0) bytes += '\n';
  // A member's header has the size of a file that is elsewhere.
  return bytes + header("//", paths.size()) + paths + header("/0", 123456);
}

TEST(ThinArchiveTest, NamesItsMembersInTheirOrder) {
  EXPECT_THAT(thin_archive_members(archive("symbols", "sub/long name.o/\n/abs/b.o/\n../c.o/\n\n")),
              ElementsAre("sub/long name.o", "/abs/b.o", "../c.o"));
  EXPECT_THAT(thin_archive_members(archive("even", "a.o/\n")), ElementsAre("a.o"));
}

TEST(ThinArchiveTest, NeedsNoSymbols) {
  EXPECT_THAT(thin_archive_members("!<thin>\n" + header("//", 5) + "a.o/\n"), ElementsAre("a.o"));
  EXPECT_THAT(
      thin_archive_members("!<thin>\n" + header("/SYM64/", 2) + "xx" + header("//", 5) + "a.o/\n"),
      ElementsAre("a.o"));
}

TEST(ThinArchiveTest, AnEmptyOneHasNone) {
  EXPECT_THAT(thin_archive_members("!<thin>\n"), IsEmpty());
}

TEST(ThinArchiveTest, OtherBytesHaveNone) {
  EXPECT_THAT(thin_archive_members(""), IsEmpty());
  EXPECT_THAT(thin_archive_members("!<arch>\n" + header("//", 5) + "a.o/\n"), IsEmpty());
  EXPECT_THAT(thin_archive_members("!<thin>\n" + header("//", 500) + "a.o/\n"), IsEmpty());
  EXPECT_THAT(thin_archive_members("!<thin>\n" + header("a.o/", 5) + header("//", 5) + "a.o/\n"),
              IsEmpty());
  EXPECT_THAT(thin_archive_members("!<thin>\n" + padded("//", 60) + "a.o/\n"), IsEmpty());
}

// Whatever is cut off, nothing beyond the end is read.
TEST(ThinArchiveTest, TornOnes) {
  const std::string whole = archive("symbols", "a.o/\nb.o/\n");
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_LE(thin_archive_members(std::string(whole, 0, size)).size(), 2u);
  }
}

}  // namespace
}  // namespace cntr::engine
