// Images as one squashfs file: what the kernel or squashfuse shows of it.
#include "image/pack.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "../squashfs/image_reading.h"
#include "archive_builder.h"
#include "archive_stack.h"
#include "base/process.h"
#include "image/rootfs.h"
#include "image_fixture.h"

namespace cntr::image {
namespace {

using squashfs::full_listing;
using squashfs::Reader;

class PackTest : public ImageFixture {
 protected:
  void SetUp() override {
    reader_ = squashfs::why_not(Reader::kKernel).empty() ? Reader::kKernel : Reader::kSquashfuse;
    const std::string reason = squashfs::why_not(reader_);
    if (!reason.empty()) GTEST_SKIP() << reason;
  }

  std::string packed(const FlatImage& image) {
    pack(image, compression_, path("image.sqfs"));
    return path("image.sqfs");
  }

  // Memory does not hold user.* on every kernel: the mount lies on the disk.
  std::string listing(const FlatImage& image) {
    const TemporaryDirectory place(testing::TempDir(), "cntr-pack-");
    std::string out;
    squashfs::with_tree(reader_, packed(image), place.path(),
                        [&](const std::string& tree) { out = full_listing(tree); });
    return out;
  }

  FlatImage layers(const std::vector<TarBuilder>& tars) {
    ArchiveStack stack(Whiteouts::kApply);
    for (const TarBuilder& tar : tars) {
      write_file_atomically(path("layer"), tar.text());
      stack.add(path("layer"), "layer");
    }
    return stack.take();
  }

  static std::vector<std::pair<std::string, std::string>> owner(int uid, int gid) {
    return {{"uid", std::to_string(uid)}, {"gid", std::to_string(gid)}};
  }

  Reader reader_ = Reader::kKernel;
  squashfs::Compression compression_ = {squashfs::Compressor::kLz4, 0};
  squashfs::WorkerPool pool_{2};
};

TEST_F(PackTest, KeepsWhatUnpackingCannot) {
  EXPECT_EQ(listing(layers({TarBuilder()
                                .mtime(1000)
                                .pax(owner(5, 6))
                                .directory(".", 0555)
                                .pax(owner(1000, 100'000))
                                .file("locked", "x", 0)
                                .pax(owner(0, 42))
                                .file("setgid", "x", 02755)
                                .pax({{"SCHILY.devmajor", "1"}, {"SCHILY.devminor", "3"}})
                                .device("dev/null")
                                .hard_link("dev/same", "dev/null")
                                .fifo("pipe")
                                .pax(owner(7, 8))
                                .symlink("link", "nowhere")})),
            ". 040555 5:6 @1000 x3\n"
            "dev 040755 0:0 @0 x2\n"
            "dev/null 020666 0:0 @1000 x2 1,3\n"
            "dev/same 020666 0:0 @1000 x2 = dev/null\n"
            "link 120777 7:8 @1000 x1 -> nowhere\n"
            "locked 100000 1000:100000 @1000 x1 1 \"x\"\n"
            "pipe 010666 0:0 @1000 x1\n"
            "setgid 102755 0:42 @1000 x1 1 \"x\"\n");
}

TEST_F(PackTest, KeepsExtendedAttributesButThoseOfOneMachine) {
  const std::string capability("\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
  const FlatImage image = layers({TarBuilder()
                                      .pax({{"SCHILY.xattr.security.capability", capability},
                                            {"SCHILY.xattr.user.note", "first"},
                                            {"SCHILY.xattr.security.selinux", "label"},
                                            {"SCHILY.xattr.trusted.overlay.opaque", "y"},
                                            {"SCHILY.xattr.user.overlay.opaque", "y"},
                                            {"SCHILY.xattr.system.posix_acl_access", "acl"},
                                            {"SCHILY.xattr.user.note", "last"}})
                                      .file("program", "x", 0755)});
  const auto& xattrs =
      image.tree.xattrs(image.tree.node(*image.tree.find(squashfs::Tree::kRoot, "program")));
  ASSERT_EQ(xattrs.size(), 2U);
  EXPECT_EQ(xattrs[0], (squashfs::Xattr{"security.capability", capability}));
  EXPECT_EQ(xattrs[1], (squashfs::Xattr{"user.note", "last"}));
  EXPECT_NE(listing(image).find("user.note=\"last\""), std::string::npos);
}

TEST_F(PackTest, AnAttributeThatIsTooLong) {
  EXPECT_EQ(
      message_of([&] {
        layers(
            {TarBuilder().pax({{"SCHILY.xattr.user.a", std::string(65'537, 'x')}}).file("f", "")});
      }),
      "layer: entry \"f\": its extended attribute \"user.a\" is too long");
}

TEST_F(PackTest, LayersBecomeOneTree) {
  EXPECT_EQ(listing(layers({TarBuilder()
                                .file("a", "lower")
                                .file("gone", "x")
                                .file("d/old", "x")
                                .file("was-directory/x", "x")
                                .file("kept", "x"),
                            TarBuilder()
                                .hard_link("b", "a")
                                .file(".wh.gone", "")
                                .file("d/.wh..wh..opq", "")
                                .file("d/new", "y")
                                .file("was-directory", "now a file"),
                            TarBuilder().file("a", "upper")})),
            ". 040755 0:0 @0 x3\n"
            "a 100644 0:0 @1000000000 x1 5 \"upper\"\n"
            "b 100644 0:0 @1000000000 x1 5 \"lower\"\n"
            "d 040755 0:0 @0 x2\n"
            "d/new 100644 0:0 @1000000000 x1 1 \"y\"\n"
            "kept 100644 0:0 @1000000000 x1 1 \"x\"\n"
            "was-directory 100644 0:0 @1000000000 x1 10 \"now a file\"\n");
}

TEST_F(PackTest, ContentsThatDoNotSurviveAreNotInIt) {
  const std::string lost = std::string(1'000'000, 'a') + std::string(1'000'000, 'b');
  compression_ = {squashfs::Compressor::kGzip, 1};
  const auto size_with = [&](const std::string& content) {
    write_file_atomically(path("layer"), TarBuilder().file("lost", content).text());
    TemporaryDirectory scratch(test_place(), "cntr-contents-");
    const Workshop workshop = {scratch.path(), pool_, compression_};
    UnpackBudget budget;
    ImageBuilder builder(Whiteouts::kApply, budget);
    const UniqueFd lower = open_to_read(path("layer"));
    builder.apply(read_archive(lower.get(), "lower", Hashed::kStream, budget, workshop));
    write_file_atomically(path("layer"), TarBuilder().file(".wh.lost", "").text());
    const UniqueFd upper = open_to_read(path("layer"));
    builder.apply(read_archive(upper.get(), "upper", Hashed::kStream, budget, workshop));
    return read_file(packed(builder.take()));
  };
  EXPECT_TRUE(size_with(lost) == size_with("little"));
}

class LayoutPackTest : public PackTest {
 protected:
  // A layout of several layers, compressed in one way or another.
  std::string write_layout(const std::string& name, bool as_gzip) {
    LayoutBuilder builder(path(name));
    for (int layer = 0; layer < 6; ++layer) {
      TarBuilder tar;
      for (int i = 0; i < 200; ++i) {
        tar.file("d" + std::to_string(i % 7) + "/f" + std::to_string(layer * 100 + i),
                 std::string(static_cast<size_t>(i) * 97, static_cast<char>('a' + layer)));
      }
      builder.add_layer(tar.text(), as_gzip ? Compression::kGzip : Compression::kZstd);
    }
    builder.write_index({builder.add_image()});
    return path(name);
  }

  FlatImage read(const std::string& directory, squashfs::WorkerPool& pool) {
    const OciLayout layout(directory);
    return read_layers(layout, layout.find(std::nullopt), {path("scratch"), pool, compression_});
  }
};

TEST_F(LayoutPackTest, IsTheSameBytesHoweverLayersAreCompressedAndWithAnyNumberOfThreads) {
  compression_ = {};
  make_directories(path("scratch"));
  squashfs::WorkerPool one(1);
  squashfs::WorkerPool many(6);
  const std::string first = read_file(packed(read(write_layout("gzip", true), one)));
  EXPECT_TRUE(read_file(packed(read(write_layout("zstd", false), many))) == first);
  EXPECT_TRUE(list_directory(path("scratch")).empty());
}

TEST_F(LayoutPackTest, OfSeveralBadLayersTheLowestIsNamed) {
  make_directories(path("scratch"));
  LayoutBuilder builder(path("layout"));
  builder.add_layer(TarBuilder().file("a", "1").text());
  builder.add_layer(TarBuilder().file("../b", "2").text());
  builder.write_index({builder.add_image()});
  EXPECT_NE(message_of([&] {
              read(path("layout"), pool_);
            }).find(": entry \"../b\": its name has a \"..\""),
            std::string::npos);
  EXPECT_TRUE(list_directory(path("scratch")).empty());
}

class RootfsPackTest : public PackTest {
 protected:
  FlatImage read(const std::string& directory) {
    TemporaryDirectory scratch(test_place(), "cntr-contents-");
    return read_rootfs(directory, {scratch.path(), pool_, compression_});
  }

  // On the disk: memory does not hold user.* on every kernel.
  TemporaryDirectory source_{testing::TempDir(), "cntr-rootfs-"};
};

TEST_F(RootfsPackTest, ADirectoryIsPackedAsItIs) {
  const std::string root = source_.path();
  make_directories(root + "/a/empty");
  write_file_atomically(root + "/a/file", "content", 0640);
  write_file_atomically(root + "/large", std::string(300'000, 'x') + "end");
  write_file_atomically(root + "/a/latin-\xe9", "");
  ASSERT_EQ(link((root + "/a/file").c_str(), (root + "/twin").c_str()), 0);
  ASSERT_EQ(symlink("../x", (root + "/a/link").c_str()), 0);
  ASSERT_EQ(mkfifo((root + "/pipe").c_str(), 0600), 0);
  ASSERT_EQ(setxattr((root + "/large").c_str(), "user.note", "x", 1, 0), 0);
  if (geteuid() == 0) {
    ASSERT_EQ(mknod((root + "/zero").c_str(), S_IFCHR | 0666, makedev(1, 5)), 0);
    ASSERT_EQ(lchown((root + "/a/link").c_str(), 12, 13), 0);
  }
  EXPECT_EQ(listing(read(root)), full_listing(root));
}

TEST_F(RootfsPackTest, HasTheIdentityOfTheDirectory) {
  const std::string root = source_.path();
  make_directories(root + "/a.b");
  make_directories(root + "/a");
  write_file_atomically(root + "/a/file", "content", 0755);
  write_file_atomically(root + "/a0", "content");
  ASSERT_EQ(symlink("a", (root + "/link").c_str()), 0);
  ASSERT_EQ(mkfifo((root + "/pipe").c_str(), 0600), 0);
  store::Cache cache = open_cache();
  EXPECT_EQ(content_digest(read(root)), identify(rootfs(root), cache).identity);
}

TEST_F(RootfsPackTest, MountPointsReplaceWhatIsNoDirectory) {
  write_file_atomically(source_.path() + "/dev", "a file");
  ASSERT_EQ(symlink("/", (source_.path() + "/src").c_str()), 0);
  make_directories(source_.path() + "/tmp");
  FlatImage image = read(source_.path());
  image.tree.set_attributes(squashfs::Tree::kRoot, {});
  const auto tmp = image.tree.node(*image.tree.find(squashfs::Tree::kRoot, "tmp"));
  image.tree.set_attributes(tmp, {.mode = 0700});
  add_mount_points(image.tree);
  EXPECT_EQ(listing(image),
            ". 040755 0:0 @0 x7\n"
            "build 040755 0:0 @0 x2\n"
            "dev 040755 0:0 @0 x2\n"
            "proc 040755 0:0 @0 x2\n"
            "src 040755 0:0 @0 x2\n"
            "tmp 040700 0:0 @0 x2\n");
}

// Against another implementation of the same rules, as root: it keeps owners and devices as well.
class UmociPackTest : public LayoutPackTest {
 protected:
  void SetUp() override {
    LayoutPackTest::SetUp();
    if (!find_program("umoci", search_path())) GTEST_SKIP() << "umoci is not installed";
    if (geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  }
};

TEST_F(UmociPackTest, ShowsWhatUmociUnpacks) {
  LayoutBuilder builder(path("layout"));
  builder.add_layer(TarBuilder()
                        .mtime(5000)
                        .directory(".")
                        .directory("usr")
                        .directory("usr/lib")
                        .pax(owner(3, 4))
                        .file("usr/lib/a", std::string(200'000, 'a'))
                        .symlink("lib", "usr/lib")
                        .device("usr/device")
                        .fifo("usr/pipe")
                        .directory("opt", 0700)
                        .file("opt/x", "x", 04711)
                        .directory("var")
                        .file("var/lower", "x")
                        .text(),
                    Compression::kGzip);
  builder.add_layer(TarBuilder()
                        .mtime(6000)
                        .directory("opt", 0750)
                        .file("opt/.wh.x", "")
                        .file("opt/y", "y")
                        .hard_link("usr/b", "usr/lib/a")
                        .file("lib/c", "through the link")
                        .directory("var", 0711)
                        .file("var/.wh..wh..opq", "")
                        .file("var/upper", "z")
                        .text(),
                    Compression::kGzip);
  builder.write_index({builder.add_image("", "", LayoutBuilder::tag("latest"))});
  make_directories(path("scratch"));
  FlatImage image = read(path("layout"), pool_);
  const Captured result =
      capture_process({"umoci", "unpack", "--image", path("layout") + ":latest", path("bundle")});
  ASSERT_EQ(result.status.code, 0) << result.err;
  EXPECT_EQ(listing(image), full_listing(path("bundle/rootfs")));
}

}  // namespace
}  // namespace cntr::image
