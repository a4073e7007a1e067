// Archives that mean harm: each gives one exact message, and nothing outside the target is touched.
#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <random>

#include "archive_builder.h"
#include "archive_stack.h"
#include "base/error.h"
#include "base/file_system.h"
#include "tree_listing.h"

namespace cntr::image {
namespace {

// Small bounds, so that tests reach them.
UnpackLimits small_limits() {
  UnpackLimits limits;
  limits.bytes = 64'000'000;
  limits.entries = 1000;
  limits.path_bytes = 100'000;
  limits.ratio = 100;
  limits.free_bytes = 4'000'000;
  return limits;
}

std::string zeros(size_t count) {
  std::string out;
  out.resize(count);
  return out;
}

// A directory "outside" with a file beside the target, which a hostile archive may try to change.
class HostileArchive : public testing::Test {
 protected:
  HostileArchive() {
    make_directories(target());
    make_directories(outside());
    write_file_atomically(outside() + "/secret", "untouched");
    before_ = surroundings();
  }

  std::string target() const { return place_.path() + "/target"; }
  std::string outside() const { return place_.path() + "/outside"; }

  // All but what is in the target.
  std::string surroundings() const {
    std::string out;
    for (const std::string& name : list_directory(place_.path())) {
      if (name != "target" && name != "archive")
        out += name + ":\n" + tree_listing(place_.path() + "/" + name);
    }
    out += std::to_string(stat_link(outside())->mtime) + " " +
           std::to_string(stat_link(outside())->mode);
    out += " " + std::to_string(stat_link(outside() + "/secret")->ctime);
    return out;
  }

  std::string message(const std::string& archive, Whiteouts whiteouts = Whiteouts::kApply) {
    const std::string path = place_.path() + "/archive";
    write_file_atomically(path, archive);
    const std::string out = message_of([&] {
      ArchiveStack stack(whiteouts, small_limits());
      stack.add(path, "bad.tar", Hashed::kFile);
      remove_tree(target());
      make_directories(target());
      stack.unpack_to(target());
    });
    EXPECT_EQ(surroundings(), before_) << "something outside the target was changed";
    return out;
  }

  TemporaryDirectory place_{test_place(), "cntr-hostile-"};
  std::string before_;
};

TEST_F(HostileArchive, ParentInAName) {
  EXPECT_EQ(message(TarBuilder().file("../outside/secret", "x").text()),
            R"(bad.tar: entry "../outside/secret": its name has a "..")");
  EXPECT_EQ(message(TarBuilder().file("a/../../outside/secret", "x").text()),
            R"(bad.tar: entry "a/../../outside/secret": its name has a "..")");
  EXPECT_EQ(message(TarBuilder().directory("a/..").text()),
            R"(bad.tar: entry "a/..": its name has a "..")");
}

TEST_F(HostileArchive, AnAbsoluteNameStaysBelowTheTarget) {
  EXPECT_EQ(message(TarBuilder().file(outside() + "/secret", "x").text()), "");
  EXPECT_EQ(read_file(target() + outside() + "/secret"), "x");
}

TEST_F(HostileArchive, WritingThroughALinkStaysBelowTheTarget) {
  EXPECT_EQ(message(TarBuilder()
                        .symlink("absolute", outside())
                        .file("absolute/secret", "x")
                        .symlink("up", "../../../../../../../../../../.." + outside())
                        .file("up/pwned", "y")
                        .symlink("beside", "../outside")
                        .file("beside/secret", "z")
                        .text()),
            "");
  EXPECT_EQ(read_file(target() + outside() + "/secret"), "x");
  EXPECT_EQ(read_file(target() + outside() + "/pwned"), "y");
  EXPECT_EQ(read_file(target() + "/outside/secret"), "z");
}

TEST_F(HostileArchive, AFileReplacesALinkInsteadOfFollowingIt) {
  EXPECT_EQ(message(TarBuilder()
                        .symlink("a", outside() + "/secret")
                        .file("a", "x")
                        .symlink("b", outside())
                        .directory("b", 0777)
                        .file("b/secret", "y")
                        .text()),
            "");
  EXPECT_EQ(tree_listing(target()),
            "a 644 \"x\"\n"
            "b/ 777\n"
            "b/secret 644 \"y\"\n");
}

TEST_F(HostileArchive, ADirectoryReplacedByALinkMidWay) {
  EXPECT_EQ(message(TarBuilder()
                        .directory("a")
                        .file("a/first", "1")
                        .symlink("a", outside())
                        .file("a/secret", "2")
                        .directory("a/b", 0700)
                        .text()),
            "");
  EXPECT_EQ(read_link(target() + "/a"), outside());
  EXPECT_EQ(read_file(target() + outside() + "/secret"), "2");
}

TEST_F(HostileArchive, TimesOfADirectoryThatBecameALink) {
  EXPECT_EQ(message(TarBuilder().directory("a/b").symlink("a", place_.path()).text()), "");
  EXPECT_EQ(message(TarBuilder().directory("c/d").symlink("c", "c").text()), "");
  EXPECT_EQ(message(TarBuilder().directory("outside").symlink("outside", outside()).text()), "");
}

TEST_F(HostileArchive, HardLinks) {
  EXPECT_EQ(message(TarBuilder().hard_link("a", "../outside/secret").text()),
            R"(bad.tar: entry "a": the target of the hard link has a "..")");
  EXPECT_EQ(message(TarBuilder().hard_link("a", outside() + "/secret").text()),
            "bad.tar: entry \"a\": it is a hard link to \"" + outside() +
                "/secret\", which is not there");
  EXPECT_EQ(message(TarBuilder().symlink("l", outside()).hard_link("a", "l/secret").text()),
            R"(bad.tar: entry "a": it is a hard link to "l/secret", which is not there)");
  // A second name of the link itself, not of the file that it names; and writing replaces it.
  EXPECT_EQ(message(TarBuilder()
                        .symlink("s", outside() + "/secret")
                        .hard_link("b", "s")
                        .file("b", "x")
                        .text()),
            "");
  EXPECT_EQ(message(TarBuilder().directory("d").hard_link("a", "d").text()),
            R"(bad.tar: entry "a": it is a hard link to "d", which is a directory)");
  EXPECT_EQ(message(TarBuilder().hard_link("a", "/").text()),
            R"(bad.tar: entry "a": it is a hard link to the root directory)");
  EXPECT_EQ(
      message(TarBuilder().file("d/x", "").hard_link("d", "d/x").text()),
      R"(bad.tar: entry "d": it is a hard link that would replace the directory of its target)");
}

TEST_F(HostileArchive, EntriesBelowAFile) {
  EXPECT_EQ(message(TarBuilder().file("a", "x").file("a/b", "y").text()),
            R"(bad.tar: entry "a/b": it lies below "a", which is no directory)");
}

TEST_F(HostileArchive, AnEntryThatReplacesTheWayToItself) {
  EXPECT_EQ(message(TarBuilder()
                        .directory("d")
                        .symlink("l", "d/..")
                        .file("l/d", "x")
                        .file("l/y", "y")
                        .text()),
            R"(bad.tar: entry "l/y": it lies below "d", which is no directory)");
  EXPECT_EQ(message(TarBuilder()
                        .directory("x")
                        .symlink("x/l", ".")
                        .file("x/l/l", "x")
                        .file("x/l/y", "y")
                        .text()),
            R"(bad.tar: entry "x/l/y": it lies below "x/l", which is no directory)");
}

TEST_F(HostileArchive, TheRootIsADirectory) {
  EXPECT_EQ(message(TarBuilder().file(".", "x").text()),
            R"(bad.tar: entry ".": it would replace the root directory)");
  EXPECT_EQ(message(TarBuilder().symlink(".", outside()).text()),
            R"(bad.tar: entry ".": it would replace the root directory)");
}

TEST_F(HostileArchive, LoopsOfLinks) {
  EXPECT_EQ(message(TarBuilder().symlink("a", "b").symlink("b", "a").file("a/x", "").text()),
            R"(bad.tar: entry "a/x": it lies below a loop of symbolic links)");
}

TEST_F(HostileArchive, WhiteoutsOfNothing) {
  for (const std::string name : {".wh.", ".wh..", ".wh..."}) {
    EXPECT_EQ(message(TarBuilder().file("d/" + name, "").text()),
              "bad.tar: entry \"d/" + name + "\": it is a whiteout of no name");
  }
  EXPECT_EQ(message(TarBuilder().file("d/.wh.x/y", "").text()),
            R"(bad.tar: entry "d/.wh.x/y": it lies below a whiteout)");
}

TEST_F(HostileArchive, WhiteoutsThroughLinksStayBelowTheTarget) {
  EXPECT_EQ(message(TarBuilder()
                        .symlink("l", outside())
                        .file("l/.wh.secret", "")
                        .file("l/.wh..wh..opq", "")
                        .text()),
            "");
}

TEST_F(HostileArchive, DeepAndLongNames) {
  std::string deep;
  for (int i = 0; i < 201; ++i) deep += "d/";
  EXPECT_EQ(message(TarBuilder().directory(deep).text()),
            "bad.tar: entry \"" + deep + "\": it is more than 200 directories deep");
  const std::string part = std::string(256, 'x');
  EXPECT_EQ(message(TarBuilder().file(part, "").text()),
            "bad.tar: entry \"" + part + "\": its name has a part of more than 255 bytes");
  std::string huge;
  for (int i = 0; i < 31; ++i) huge += std::string(100, 'y') + "/";
  EXPECT_EQ(message(TarBuilder().file(huge + "z", "").text()),
            "bad.tar: entry \"" + huge + "z\": its name is longer than 3072 bytes");
}

TEST_F(HostileArchive, LinksWithNamesThatAreTooLong) {
  EXPECT_EQ(message(TarBuilder().symlink("a", std::string(300, 'x')).file("a/b", "").text()),
            R"(bad.tar: entry "a/b": it lies below a symbolic link that is too long)");
}

TEST_F(HostileArchive, DepthThroughLinks) {
  TarBuilder tar;
  std::string deep;
  for (int i = 0; i < 45; ++i) deep += "d/";
  tar.directory("0/" + deep).symlink("1", "0/" + deep);
  for (int i = 1; i < 5; ++i) {
    tar.directory(std::to_string(i) + "/" + deep);
    tar.symlink(std::to_string(i + 1), std::to_string(i) + "/" + deep);
  }
  EXPECT_EQ(message(tar.text()),
            "bad.tar: entry \"4/" + deep + "\": it is more than 200 directories deep");
}

TEST_F(HostileArchive, EmptyNamesAndTargets) {
  EXPECT_EQ(message(TarBuilder().file("", "x").text()), R"(bad.tar: entry "": its name is empty)");
  EXPECT_EQ(message(TarBuilder().symlink("a", "").text()),
            R"(bad.tar: entry "a": it is a symbolic link without a target)");
}

TEST_F(HostileArchive, ANameEndsAtANulByte) {
  EXPECT_EQ(message(TarBuilder()
                        .pax({{"path", std::string("a\0/../../outside/secret", 23)}})
                        .entry('0', "x", "", "x", 0644)
                        .text()),
            "");
  EXPECT_EQ(tree_listing(target()), "a 644 \"x\"\n");
}

TEST_F(HostileArchive, PaxNamesThatAreNotUtf8) {
  EXPECT_EQ(message(TarBuilder().pax({{"path", "bad-\xff"}}).entry('0', "x", "", "x", 0644).text()),
            "bad.tar: the archive is damaged: Pathname can't be converted from UTF-8 to current "
            "locale.");
}

TEST_F(HostileArchive, HugeExtendedHeaders) {
  EXPECT_EQ(
      message(TarBuilder().pax({{"comment", std::string(3'000'000, 'c')}}).file("a", "x").text()),
      "bad.tar: the archive is damaged: Special header too large");
  EXPECT_EQ(message(TarBuilder()
                        .entry('L', "././@LongLink", "", std::string(3'000'000, 'n'), 0644)
                        .file("a", "x")
                        .text()),
            "bad.tar: the archive is damaged: Special header too large");
}

TEST_F(HostileArchive, DecompressionBombs) {
  const std::string tar = TarBuilder().file("zeros", zeros(20'000'000)).text();
  const std::string expected =
      "bad.tar: entry \"zeros\": it unpacks to more than 100 times its size: it looks like a "
      "decompression bomb";
  EXPECT_EQ(message(compressed(tar, Compression::kGzip)), expected);
  EXPECT_EQ(message(compressed(tar, Compression::kZstd)), expected);
  EXPECT_FALSE(exists(target() + "/zeros")) << "the size in the header was enough to tell";
  // What no entry claims counts as well: zeros after the end mark.
  EXPECT_EQ(message(compressed(TarBuilder().file("a", "").text() + zeros(20'000'000),
                               Compression::kZstd)),
            "bad.tar: it unpacks to more than 100 times its size: it looks like a "
            "decompression bomb");
  EXPECT_EQ(message(tar), "");
}

TEST_F(HostileArchive, AHoleOfManyTerabytes) {
  // The sparse format of pax 1.0: the map says that the file is one hole.
  std::string map = "1\n0\n0\n";
  map.resize(512, '\0');
  EXPECT_EQ(message(TarBuilder()
                        .pax({{"GNU.sparse.major", "1"},
                              {"GNU.sparse.minor", "0"},
                              {"GNU.sparse.name", "hole"},
                              {"GNU.sparse.realsize", "9000000000000"}})
                        .entry('0', "x", "", map, 0644)
                        .text()),
            R"(bad.tar: entry "hole": it unpacks to more than 61.0 MiB)");
}

TEST_F(HostileArchive, TooManyEntries) {
  TarBuilder many;
  for (int i = 0; i < 1001; ++i) many.file("f" + std::to_string(i), "");
  EXPECT_EQ(message(many.text()), R"(bad.tar: entry "f1000": it has more than 1000 entries)");
  // Directories that no entry names count as well.
  TarBuilder deep;
  for (int i = 0; i < 20; ++i) {
    std::string path = std::to_string(i);
    for (int j = 0; j < 60; ++j) path += "/d";
    deep.file(path, "");
  }
  EXPECT_NE(message(deep.text()).find("it has more than 1000 entries"), std::string::npos);
}

TEST_F(HostileArchive, TooManyBytesOfNames) {
  TarBuilder tar;
  for (int i = 0; i < 500; ++i) tar.file(std::to_string(i) + std::string(250, 'n'), "");
  EXPECT_NE(message(tar.text()).find("the paths of its entries take more than 97.7 KiB"),
            std::string::npos);
}

TEST_F(HostileArchive, WhatIsNoArchive) {
  const std::string expected =
      "bad.tar: it is no tar archive, plain or compressed with gzip, zstd, xz or bzip2";
  EXPECT_EQ(message("hello, world\n"), expected);
  EXPECT_EQ(message(std::string(100'000, 'x')), expected);
  EXPECT_EQ(message(compressed("hello, world\n", Compression::kGzip)), expected);
  EXPECT_EQ(message("PK\x03\x04" + std::string(2000, 'z')), expected);
}

TEST_F(HostileArchive, TruncatedArchives) {
  const TarBuilder tar = TarBuilder().file("a", "1").file("b", std::string(100'000, 'b'));
  EXPECT_EQ(message(tar.text().substr(0, 1100)),
            R"(bad.tar: after entry "a": the archive is damaged: Truncated tar archive)");
  EXPECT_EQ(message(tar.text().substr(0, 50'000)),
            R"(bad.tar: entry "b": the archive is damaged: Truncated tar archive)");
  const std::string gzip = compressed(tar.text(), Compression::kGzip);
  EXPECT_EQ(message(gzip.substr(0, gzip.size() - 4)),
            "bad.tar: the archive is truncated: its gzip data has no end");
}

TEST_F(HostileArchive, GzipChecksItsContent) {
  std::string gzip = compressed(TarBuilder().file("a", "1").text(), Compression::kGzip);
  gzip[gzip.size() - 6] ^= 1;
  EXPECT_EQ(message(gzip), "bad.tar: the archive is damaged: gzip: incorrect data check");
  EXPECT_EQ(message(compressed(TarBuilder().file("a", "1").text(), Compression::kGzip) + "rubbish"),
            "bad.tar: the archive is damaged: gzip: incorrect header check");
}

// Whatever is done to an archive, the outcome is an error or a tree, and nothing outside changes.
TEST_F(HostileArchive, RandomDamage) {
  const std::string tar = TarBuilder()
                              .directory("a")
                              .symlink("a/l", outside())
                              .file("a/l/x", "1")
                              .hard_link("b", "a/l/x")
                              .pax({{"path", "long/name"}, {"mtime", "1.5"}})
                              .entry('0', "short", "", "22", 0644)
                              .file(".wh.b", "")
                              .text();
  std::mt19937 random(20260101);  // NOLINT: the same damage every time
  for (const Compression compression :
       {Compression::kNone, Compression::kGzip, Compression::kZstd, Compression::kXz}) {
    const std::string good = compressed(tar, compression);
    for (int round = 0; round < 300; ++round) {
      std::string bad = good;
      const int flips = 1 + static_cast<int>(random() % 4);
      for (int i = 0; i < flips; ++i) {
        bad[random() % bad.size()] = static_cast<char>(random() % 256);
      }
      if (round % 5 == 0) bad.resize(random() % bad.size());
      remove_tree(target());
      make_directories(target());
      message(bad);
    }
  }
}

// A damaged compressed archive is found by its checksum, so it never unpacks to something else.
TEST_F(HostileArchive, EveryBitOfACompressedArchiveCounts) {
  const std::string tar = TarBuilder().file("a", "content").text();
  message(tar);
  const std::string good_tree = tree_listing(target());
  for (const Compression compression :
       {Compression::kGzip, Compression::kXz, Compression::kBzip2}) {
    const std::string good = compressed(tar, compression);
    for (size_t i = 0; i < good.size(); ++i) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ 0x10);
      remove_tree(target());
      make_directories(target());
      if (message(bad).empty()) {
        EXPECT_EQ(tree_listing(target()), good_tree) << "byte " << i;
      }
    }
  }
}

}  // namespace
}  // namespace cntr::image
