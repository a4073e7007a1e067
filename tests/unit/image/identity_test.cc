// What an image's identity depends on, and what it does not.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "archive_builder.h"
#include "base/error.h"
#include "base/process.h"
#include "image_fixture.h"

namespace cntr::image {
namespace {

class IdentityTest : public ImageFixture {
 protected:
  Digest identity(const spec::Image& image) {
    store::Cache cache = open_cache();
    return identify(image, cache).identity;
  }

  std::string message(const spec::Image& image) {
    store::Cache cache = open_cache();
    return message_of([&] { identify(image, cache); });
  }

  void make_directory_source(const std::string& name) {
    make_directories(path(name) + "/bin");
    make_directories(path(name) + "/empty");
    write_file_atomically(path(name) + "/bin/tool", "#!/bin/sh\n", 0755);
    write_file_atomically(path(name) + "/text", "hello");
    ASSERT_EQ(symlink("bin/tool", (path(name) + "/link").c_str()), 0);
    ASSERT_EQ(link((path(name) + "/text").c_str(), (path(name) + "/twin").c_str()), 0);
  }

  void make_tar(const std::string& source, const std::string& archive,
                const std::vector<std::string>& options = {}) {
    std::vector<std::string> argv = {"tar", "-C", path(source), "-cf", path(archive)};
    argv.insert(argv.end(), options.begin(), options.end());
    argv.emplace_back(".");
    ASSERT_EQ(capture_process(argv).status.code, 0);
  }
};

TEST_F(IdentityTest, IsTheSameForADirectoryAndItsArchives) {
  make_directory_source("rootfs");
  make_tar("rootfs", "plain.tar");
  make_tar("rootfs", "rootfs.tar.gz", {"--gzip"});
  make_tar("rootfs", "rootfs.tar.xz", {"--xz", "--owner=nobody", "--mtime=@1"});
  const Digest expected = identity(rootfs(path("rootfs")));
  EXPECT_EQ(identity(rootfs(path("plain.tar"))), expected);
  EXPECT_EQ(identity(rootfs(path("rootfs.tar.gz"))), expected);
  EXPECT_EQ(identity(rootfs(path("rootfs.tar.xz"))), expected);
}

TEST_F(IdentityTest, ChangesWithContentNameModeAndLinkTarget) {
  make_directory_source("rootfs");
  const std::string root = path("rootfs");
  Digest last = identity(rootfs(root));
  const auto expect_new = [&](const char* what) {
    const Digest now = identity(rootfs(root));
    EXPECT_NE(now, last) << what;
    last = now;
  };
  write_file_atomically(root + "/text", "Hello");
  expect_new("content");
  rename_path(root + "/twin", root + "/other");
  expect_new("name");
  ASSERT_EQ(chmod((root + "/bin/tool").c_str(), 0644), 0);
  expect_new("executable bit");
  remove_tree(root + "/link");
  ASSERT_EQ(symlink("text", (root + "/link").c_str()), 0);
  expect_new("link target");
  ASSERT_EQ(rmdir((root + "/empty").c_str()), 0);
  expect_new("empty directory");
}

TEST_F(IdentityTest, DoesNotChangeWithOtherModesOrTimes) {
  make_directory_source("rootfs");
  const Digest before = identity(rootfs(path("rootfs")));
  ASSERT_EQ(chmod((path("rootfs") + "/text").c_str(), 0600), 0);
  ASSERT_EQ(utimensat(AT_FDCWD, (path("rootfs") + "/text").c_str(), nullptr, 0), 0);
  EXPECT_EQ(identity(rootfs(path("rootfs"))), before);
}

TEST_F(IdentityTest, LeavesOutSocketsFifosAndDevices) {
  make_directory_source("rootfs");
  const Digest before = identity(rootfs(path("rootfs")));
  ASSERT_EQ(mkfifo((path("rootfs") + "/fifo").c_str(), 0600), 0);
  const UniqueFd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = path("rootfs") + "/socket";
  ASSERT_LT(name.size(), sizeof address.sun_path);
  std::memcpy(address.sun_path, name.c_str(), name.size());
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(identity(rootfs(path("rootfs"))), before);
  // The archive has the fifo; tar leaves the socket out.
  make_tar("rootfs", "rootfs.tar");
  EXPECT_EQ(identity(rootfs(path("rootfs.tar"))), before);
}

TEST_F(IdentityTest, AnArchiveIsUnpackedOnceAndThenKnown) {
  write_file_atomically(path("a.tar"), TarBuilder().file("a", "x").text());
  const Digest first = identity(rootfs(path("a.tar")));
  store::Cache cache = open_cache();
  EXPECT_EQ(leftovers(cache), std::vector<std::string>{first.hex()});
  // Known, so the tree is not needed; and another archive with the same tree finds it.
  remove_tree(cache.images_directory() + "/" + first.hex());
  EXPECT_EQ(identify(rootfs(path("a.tar")), cache).identity, first);
  EXPECT_TRUE(leftovers(cache).empty());
  write_file_atomically(path("b.tar"), TarBuilder().mtime(5).file("a", "x", 0600).text());
  EXPECT_EQ(identify(rootfs(path("b.tar")), cache).identity, first);
}

TEST_F(IdentityTest, MissingAndWrongSources) {
  EXPECT_EQ(message(rootfs(path("none.tar"))),
            "/project/CMakeLists.txt:7: Image tools: there is no " + path("none.tar") +
                "\n  When a rule of the build makes it, ROOTFS must name that rule's output.");
  EXPECT_EQ(message(rootfs("/dev/null")),
            "/project/CMakeLists.txt:7: Image tools: /dev/null is neither a directory nor a tar "
            "archive");
  write_file_atomically(path("text"), "no archive");
  EXPECT_EQ(message(rootfs(path("text"))),
            "/project/CMakeLists.txt:7: Image tools: " + path("text") +
                ": it is no tar archive, plain or compressed with gzip, zstd, xz or bzip2");
  EXPECT_EQ(message(layout(path("no-layout"))),
            "/project/CMakeLists.txt:7: Image tools: there is no directory " + path("no-layout"));
}

TEST_F(IdentityTest, EmptyAndTruncatedArchives) {
  write_file_atomically(path("a.tar"), TarBuilder().text());
  const std::string prefix = "/project/CMakeLists.txt:7: Image tools: " + path("a.tar") + ": ";
  EXPECT_EQ(message(rootfs(path("a.tar"))), prefix + "the archive has no entries");
  write_file_atomically(path("a.tar"), "");
  EXPECT_EQ(message(rootfs(path("a.tar"))), prefix + "the archive has no entries");
  write_file_atomically(path("a.tar"), TarBuilder().file("a", "x").without_end().substr(0, 513));
  EXPECT_EQ(message(rootfs(path("a.tar"))),
            prefix +
                "entry \"a\": the archive is damaged: Truncated input file (needed 511 bytes, "
                "only 0 available)");
  // Cut between two entries: only the end mark tells.
  write_file_atomically(path("a.tar"), TarBuilder().file("a", std::string(512, 'x')).without_end());
  EXPECT_EQ(message(rootfs(path("a.tar"))),
            prefix + "the archive is truncated: it has no end mark");
  store::Cache cache = open_cache();
  EXPECT_TRUE(leftovers(cache).empty());
}

TEST_F(IdentityTest, ARootFileSystemAroundTheCache) {
  EXPECT_EQ(message(rootfs(place_.path())),
            "/project/CMakeLists.txt:7: Image tools: the root file system " + place_.path() +
                " holds the cache " + path("cache") +
                "\n  Set CNTR_CACHE_DIR to a directory outside of it.");
}

TEST_F(IdentityTest, UnreadableFiles) {
  if (geteuid() == 0) GTEST_SKIP() << "root can read everything";
  make_directory_source("rootfs");
  ASSERT_EQ(chmod((path("rootfs") + "/text").c_str(), 0), 0);
  EXPECT_EQ(message(rootfs(path("rootfs"))),
            "/project/CMakeLists.txt:7: Image tools: Cannot read " + path("rootfs") +
                "/text: Permission denied");
}

TEST_F(IdentityTest, OfALayoutIsItsConfigsDigestAndLayersAreNotRead) {
  LayoutBuilder builder(path("layout"));
  builder.add_layer(TarBuilder().file("a", "x").text());
  builder.write_index({builder.add_image(R"("Cmd": ["a"])")});
  store::Cache cache = open_cache();
  const spec::ImageIdentity found = identify(layout(path("layout")), cache);
  EXPECT_EQ(found.identity, builder.last_config());
  EXPECT_EQ(found.config.cmd, std::vector<std::string>{"a"});
  remove_tree(builder.blob_path(digest_of(TarBuilder().file("a", "x").text())));
  EXPECT_EQ(identify(layout(path("layout")), cache), found);
  EXPECT_TRUE(leftovers(cache).empty());
}

}  // namespace
}  // namespace cntr::image
