// What a sequence of layers, or one archive, becomes on disk.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <tuple>

#include "archive_builder.h"
#include "archive_stack.h"
#include "base/file_system.h"
#include "base/process.h"
#include "tree_listing.h"

namespace cntr::image {
namespace {

class LayerTest : public testing::Test {
 protected:
  LayerTest() { make_directories(root()); }

  std::string root() const { return place_.path() + "/root"; }

  void add(ArchiveStack& stack, const std::string& archive) {
    const std::string path = place_.path() + "/archive";
    write_file_atomically(path, archive);
    stack.add(path, "layer");
  }

  // What the stack becomes in an empty directory.
  std::string unpacked(ArchiveStack& stack) {
    remove_tree(root());
    make_directories(root());
    stack.unpack_to(root());
    return tree_listing(root());
  }

  std::string unpacked(const std::vector<TarBuilder>& layers,
                       Whiteouts whiteouts = Whiteouts::kApply) {
    ArchiveStack stack(whiteouts);
    for (const TarBuilder& layer : layers) add(stack, layer.text());
    return unpacked(stack);
  }

  TemporaryDirectory place_{test_place(), "cntr-layer-"};
};

TEST_F(LayerTest, KeepsEveryKindOfEntry) {
  EXPECT_EQ(unpacked({TarBuilder()
                          .directory("empty/", 0700)
                          .directory("a")
                          .file("a/text", "hello\n")
                          .file("a/program", "#!/bin/sh\n", 0755)
                          .file("a/nothing", "")
                          .symlink("a/relative", "../empty")
                          .symlink("a/absolute", "/etc/passwd")
                          .symlink("a/dangling", "nowhere")
                          .hard_link("a/same", "a/text")
                          .hard_link("a/same-link", "a/dangling")}),
            "a/ 755\n"
            "a/absolute -> /etc/passwd\n"
            "a/dangling -> nowhere\n"
            "a/nothing 644 \"\"\n"
            "a/program 755 \"#!/bin/sh\\n\"\n"
            "a/relative -> ../empty\n"
            "a/same 644 \"hello\\n\"\n"
            "a/same-link -> nowhere\n"
            "a/text = a/same\n"
            "empty/ 700\n");
}

TEST_F(LayerTest, KeepsModesAndMakesEverythingReadableForTheOwner) {
  EXPECT_EQ(unpacked({TarBuilder()
                          .directory("tmp", 01777)
                          .directory("locked", 0)
                          .file("locked/secret", "x", 0)
                          .file("setuid", "x", 04755)
                          .file("read-only", "x", 0444)}),
            "locked/ 700\n"
            "locked/secret 600 \"x\"\n"
            "read-only 644 \"x\"\n"
            "setuid 4755 \"x\"\n"
            "tmp/ 1777\n");
}

TEST_F(LayerTest, KeepsTimes) {
  unpacked({TarBuilder().mtime(1'234'567'890).directory("a").file("a/b", "x").symlink("a/c", "b"),
            TarBuilder().mtime(1'300'000'000).file("a/new", "x").directory("a")});
  EXPECT_EQ(stat_link(root() + "/a")->mtime, 1'300'000'000'000'000'000);
  EXPECT_EQ(stat_link(root() + "/a/b")->mtime, 1'234'567'890'000'000'000);
  EXPECT_EQ(stat_link(root() + "/a/c")->mtime, 1'234'567'890'000'000'000);
}

TEST_F(LayerTest, TheTimeOfAReplacedDirectoryIsForgotten) {
  unpacked({TarBuilder().mtime(1).directory("z").mtime(2).directory("a").symlink("z", "a")});
  EXPECT_EQ(stat_link(root() + "/a")->mtime, 2'000'000'000);
}

TEST_F(LayerTest, LeavesOutDevicesAndFifos) {
  EXPECT_EQ(unpacked({TarBuilder().file("dev/was-file", "x"), TarBuilder()
                                                                  .device("dev/null")
                                                                  .fifo("run/pipe")
                                                                  .hard_link("dev/zero", "dev/null")
                                                                  .device("dev/was-file")}),
            "dev/ 755\n"
            "run/ 755\n");
}

TEST_F(LayerTest, MakesDirectoriesThatNoEntryNames) {
  EXPECT_EQ(unpacked({TarBuilder().file("./a//b/./c", "x")}),
            "a/ 755\n"
            "a/b/ 755\n"
            "a/b/c 644 \"x\"\n");
}

TEST_F(LayerTest, TakesNamesFromTheRootOfTheImage) {
  EXPECT_EQ(unpacked({TarBuilder().file("/etc/issue", "x").hard_link("/etc/same", "/etc/issue")}),
            "etc/ 755\n"
            "etc/issue 644 \"x\"\n"
            "etc/same = etc/issue\n");
}

TEST_F(LayerTest, TheRootEntrySetsTheRootsMode) {
  unpacked({TarBuilder().directory("./", 0555).file("./a", "x")});
  EXPECT_EQ(stat_link(root())->mode, 0755u);
  EXPECT_EQ(stat_link(root())->mtime, 1'000'000'000'000'000'000);
}

TEST_F(LayerTest, TheLastOfRepeatedEntriesStays) {
  EXPECT_EQ(unpacked({TarBuilder()
                          .file("a", "first")
                          .file("a", "second", 0600)
                          .file("b", "file")
                          .directory("b")
                          .directory("c")
                          .file("c/below", "x")
                          .file("c", "file")
                          .hard_link("a", "a")}),
            "a 600 \"second\"\n"
            "b/ 755\n"
            "c 644 \"file\"\n");
}

TEST_F(LayerTest, NamesMayHoldAnyByteAndBeLong) {
  const std::string long_name = std::string(120, 'x') + "/" + std::string(255, 'y');
  EXPECT_EQ(unpacked({TarBuilder()
                          .file("new\nline", "1")
                          .file("latin-\xe9", "2")
                          .pax({{"path",
                                 "gr\xc3\xbc\xc3\x9f"
                                 "e"}})
                          .entry('0', "plain", "", "3", 0644)
                          .file(long_name, "4")
                          .symlink("link", std::string(200, 't'))}),
            "gr\xc3\xbc\xc3\x9f"
            "e 644 \"3\"\n"
            "latin-\\xe9 644 \"2\"\n"
            "link -> " +
                std::string(200, 't') +
                "\n"
                "new\\nline 644 \"1\"\n" +
                std::string(120, 'x') + "/ 755\n" + long_name + " 644 \"4\"\n");
}

TEST_F(LayerTest, AWhiteoutHidesAFileOrATreeOfLowerLayers) {
  EXPECT_EQ(unpacked({TarBuilder()
                          .file("file", "x")
                          .file("tree/a/b", "x")
                          .symlink("link", "file")
                          .file("kept", "x"),
                      TarBuilder()
                          .file(".wh.file", "")
                          .file(".wh.tree", "")
                          .file(".wh.link", "")
                          .file(".wh.never-there", "")
                          .file("no-directory/.wh.x", "")}),
            "kept 644 \"x\"\n");
}

TEST_F(LayerTest, AWhiteoutDoesNotHideItsOwnLayerWhateverTheOrder) {
  const TarBuilder lower = TarBuilder().file("a", "old").file("d/old", "x").file("d/both", "old");
  const std::string expected =
      "a 644 \"new\"\n"
      "d/ 755\n"
      "d/both 644 \"new\"\n"
      "d/new 644 \"x\"\n";
  EXPECT_EQ(unpacked({lower, TarBuilder()
                                 .file(".wh.a", "")
                                 .file("a", "new")
                                 .file(".wh.d", "")
                                 .file("d/new", "x")
                                 .file("d/both", "new")}),
            expected);
  EXPECT_EQ(unpacked({lower, TarBuilder()
                                 .file("a", "new")
                                 .file(".wh.a", "")
                                 .file("d/new", "x")
                                 .file("d/both", "new")
                                 .file(".wh.d", "")}),
            expected);
}

TEST_F(LayerTest, AnOpaqueDirectoryShowsItsOwnLayerOnly) {
  const TarBuilder lower =
      TarBuilder().file("d/old", "x").file("d/sub/old", "x").file("d/gone/old", "x").file("e", "x");
  const std::string expected =
      "d/ 755\n"
      "d/new 644 \"x\"\n"
      "d/sub/ 755\n"
      "d/sub/new 644 \"x\"\n"
      "e 644 \"x\"\n";
  EXPECT_EQ(unpacked({lower, TarBuilder()
                                 .directory("d")
                                 .file("d/.wh..wh..opq", "")
                                 .file("d/new", "x")
                                 .file("d/sub/new", "x")}),
            expected);
  EXPECT_EQ(unpacked({lower, TarBuilder()
                                 .directory("d")
                                 .file("d/new", "x")
                                 .file("d/sub/new", "x")
                                 .file("d/.wh..wh..opq", "")}),
            expected);
}

TEST_F(LayerTest, AnOpaqueRootHidesAllLowerLayers) {
  EXPECT_EQ(unpacked({TarBuilder().file("a/b", "x"),
                      TarBuilder().file(".wh..wh..opq", "").file("c", "x")}),
            "c 644 \"x\"\n");
}

TEST_F(LayerTest, AWhiteoutOfOneNameOfAFileLeavesTheOthers) {
  EXPECT_EQ(
      unpacked({TarBuilder().file("a", "x"), TarBuilder().hard_link("b", "a").file(".wh.a", "")}),
      "b 644 \"x\"\n");
}

TEST_F(LayerTest, ALaterLayerBringsAHiddenNameBack) {
  EXPECT_EQ(unpacked({TarBuilder().file("a", "1"), TarBuilder().file(".wh.a", ""),
                      TarBuilder().file("a", "3")}),
            "a 644 \"3\"\n");
}

TEST_F(LayerTest, LeavesOutWhatAufsKeptForItself) {
  EXPECT_EQ(unpacked({TarBuilder()
                          .directory(".wh..wh.plnk")
                          .file(".wh..wh.plnk/1.2", "x")
                          .file(".wh..wh.aufs", "x")
                          .file("a", "x")}),
            "a 644 \"x\"\n");
}

TEST_F(LayerTest, ALayerReplacesADirectoryByAFileAndBack) {
  EXPECT_EQ(unpacked({TarBuilder().file("a/b/c", "x"), TarBuilder().file("a", "file")}),
            "a 644 \"file\"\n");
  EXPECT_EQ(unpacked({TarBuilder().file("a/b/c", "x"), TarBuilder().file("a", "file"),
                      TarBuilder().directory("a").file("a/new", "x")}),
            "a/ 755\n"
            "a/new 644 \"x\"\n");
}

TEST_F(LayerTest, ALayerReplacesALinkByADirectory) {
  EXPECT_EQ(unpacked({TarBuilder().directory("usr/lib").symlink("lib", "usr/lib"),
                      TarBuilder().directory("lib").file("lib/a", "x")}),
            "lib/ 755\n"
            "lib/a 644 \"x\"\n"
            "usr/ 755\n"
            "usr/lib/ 755\n");
}

TEST_F(LayerTest, EntriesBelowALinkGoWhereItLeadsInsideTheImage) {
  EXPECT_EQ(unpacked({TarBuilder()
                          .directory("usr/lib")
                          .symlink("lib", "usr/lib")
                          .symlink("absolute", "/usr/lib")
                          .symlink("usr/up", "../../../usr")
                          .file("usr/lib/old", "x"),
                      TarBuilder()
                          .file("lib/a", "1")
                          .file("absolute/b", "2")
                          .file("usr/up/lib/c", "3")
                          .file("lib/.wh.old", "")
                          .hard_link("lib/d", "absolute/a")}),
            "absolute -> /usr/lib\n"
            "lib -> usr/lib\n"
            "usr/ 755\n"
            "usr/lib/ 755\n"
            "usr/lib/a 644 \"1\"\n"
            "usr/lib/b 644 \"2\"\n"
            "usr/lib/c 644 \"3\"\n"
            "usr/lib/d = usr/lib/a\n"
            "usr/up -> ../../../usr\n");
}

TEST_F(LayerTest, AnAbsoluteLinkStartsAtTheRootOfTheImage) {
  EXPECT_EQ(unpacked({TarBuilder().symlink("usr/etc", "/etc").file("usr/etc/a", "1")}),
            "etc/ 755\n"
            "etc/a 644 \"1\"\n"
            "usr/ 755\n"
            "usr/etc -> /etc\n");
}

TEST_F(LayerTest, AHardLinkMayNameAFileOfALowerLayer) {
  EXPECT_EQ(unpacked({TarBuilder().file("a", "old"), TarBuilder().hard_link("b", "a"),
                      TarBuilder().file("a", "new")}),
            "a 644 \"new\"\n"
            "b 644 \"old\"\n");
}

TEST_F(LayerTest, InARootFileSystemWhiteoutsAreJustNames) {
  EXPECT_EQ(unpacked({TarBuilder().file("a", "x").file(".wh.a", "y").file(".wh..wh..opq", "z")},
                     Whiteouts::kNone),
            ".wh..wh..opq 644 \"z\"\n"
            ".wh.a 644 \"y\"\n"
            "a 644 \"x\"\n");
}

TEST_F(LayerTest, AnEmptyLayerChangesNothing) {
  ArchiveStack stack(Whiteouts::kApply);
  add(stack, TarBuilder().file("a", "x").text());
  add(stack, TarBuilder().text());
  add(stack, "");
  add(stack, compressed("", Compression::kGzip));
  EXPECT_EQ(unpacked(stack), "a 644 \"x\"\n");
}

class CompressionTest : public LayerTest, public testing::WithParamInterface<Compression> {};

TEST_P(CompressionTest, IsToldByContent) {
  const std::string tar = TarBuilder().file("a", std::string(3'000'000, 'x')).text();
  const std::string path = place_.path() + "/archive";
  write_file_atomically(path, compressed(tar, GetParam()));
  for (const Hashed hashed : {Hashed::kStream, Hashed::kFile}) {
    ArchiveStack stack(Whiteouts::kNone);
    const ArchiveStack::Result result = stack.add(path, "layer", hashed);
    EXPECT_EQ(result.digest, hashed == Hashed::kStream ? digest_of(tar) : digest_of_file(path));
    EXPECT_EQ(result.entries, 1u);
    EXPECT_TRUE(result.has_end_mark);
    unpacked(stack);
    EXPECT_EQ(read_file(root() + "/a"), std::string(3'000'000, 'x'));
  }
}

INSTANTIATE_TEST_SUITE_P(All, CompressionTest,
                         testing::Values(Compression::kNone, Compression::kGzip, Compression::kZstd,
                                         Compression::kXz, Compression::kBzip2));

TEST_F(LayerTest, AGzipFileMayHaveSeveralMembersAndPadding) {
  const std::string tar = TarBuilder().file("a", "1").file("b", "2").text();
  ArchiveStack stack(Whiteouts::kNone);
  add(stack, compressed(tar.substr(0, 700), Compression::kGzip) +
                 compressed("", Compression::kGzip) +
                 compressed(tar.substr(700), Compression::kGzip) + std::string(4096, '\0'));
  EXPECT_EQ(unpacked(stack),
            "a 644 \"1\"\n"
            "b 644 \"2\"\n");
}

// Formats of the real tar program, whose names are longer than the old header has room for.
class RealTarTest : public LayerTest, public testing::WithParamInterface<const char*> {};

TEST_P(RealTarTest, UnpacksToWhatWasPacked) {
  const std::string source = place_.path() + "/source";
  const std::string deep = std::string(90, 'd') + "/" + std::string(90, 'e');
  make_directories(source + "/" + deep);
  write_file_atomically(source + "/" + deep + "/" + std::string(99, 'f'), "deep");
  write_file_atomically(source + "/plain", "plain");
  ASSERT_EQ(link((source + "/plain").c_str(), (source + "/twin").c_str()), 0);
  ASSERT_EQ(symlink(std::string(150, 't').c_str(), (source + "/link").c_str()), 0);
  {
    const UniqueFd sparse(open((source + "/sparse").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    ASSERT_EQ(pwrite(sparse.get(), "begin", 5, 0), 5);
    ASSERT_EQ(pwrite(sparse.get(), "end", 3, 8'000'000), 3);
    ASSERT_EQ(ftruncate(sparse.get(), 9'000'000), 0);
  }
  const std::string archive = place_.path() + "/real.tar";
  const Captured made =
      capture_process({"tar", "--sparse", GetParam(), "-C", source, "-cf", archive, "."});
  if (made.status.code != 0) GTEST_SKIP() << "tar cannot do " << GetParam() << ": " << made.err;

  ArchiveStack stack(Whiteouts::kNone);
  stack.add(archive, "archive", Hashed::kFile);
  EXPECT_EQ(unpacked(stack), tree_listing(source));
  struct stat info {};
  ASSERT_EQ(stat((root() + "/sparse").c_str(), &info), 0);
  EXPECT_LT(info.st_blocks * 512, 1'000'000) << "the holes were filled";
}

INSTANTIATE_TEST_SUITE_P(Formats, RealTarTest,
                         testing::Values("--format=gnu", "--format=pax", "--format=oldgnu"));

}  // namespace
}  // namespace cntr::image
