// The unpacked tree in the cache: what is in it, and that it is made once and never half.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "archive_builder.h"
#include "base/error.h"
#include "image/image_store.h"
#include "image_fixture.h"

namespace cntr::image {
namespace {

class ImageUseTest : public ImageFixture {
 protected:
  spec::Image write_layout() {
    LayoutBuilder builder(path("layout"));
    builder.add_layer(TarBuilder().file("a", "1").file("b", "2").text(), Compression::kGzip);
    builder.add_layer(TarBuilder().file(".wh.a", "").file("c", "3").text(), Compression::kZstd);
    builder.write_index({builder.add_image()});
    return layout(path("layout"));
  }

  static ImageUse use(const spec::Image& image, store::Cache& cache) {
    return unpacked_tree(image, identify(image, cache), cache);
  }

  std::string listing(const spec::Image& image) {
    store::Cache cache = open_cache();
    return tree_listing(use(image, cache).path());
  }

  bool can_lock_alone(const std::string& file) const {
    const UniqueFd fd(open(file.c_str(), O_RDWR | O_CLOEXEC));
    return flock(fd.get(), LOCK_EX | LOCK_NB) == 0;
  }
};

TEST_F(ImageUseTest, OfALayoutHasItsLayersAndMountPoints) {
  EXPECT_EQ(listing(write_layout()),
            "b 644 \"2\"\n"
            "build/ 755\n"
            "c 644 \"3\"\n"
            "dev/ 755\n"
            "proc/ 755\n"
            "src/ 755\n"
            "tmp/ 1777\n");
}

TEST_F(ImageUseTest, OfADirectoryIsACopy) {
  const std::string root = path("rootfs");
  make_directories(root + "/.wh.dir");
  write_file_atomically(root + "/.wh.dir/program", "x", 0755);
  write_file_atomically(root + "/setuid", "x");
  write_file_atomically(root + "/read-only", "x", 0400);
  ASSERT_EQ(chmod((root + "/setuid").c_str(), 04755), 0);
  ASSERT_EQ(link((root + "/setuid").c_str(), (root + "/twin").c_str()), 0);
  ASSERT_EQ(symlink("/etc/passwd", (root + "/link").c_str()), 0);
  ASSERT_EQ(mkfifo((root + "/fifo").c_str(), 0600), 0);
  const timespec times[2] = {{1'000'000'000, 5}, {1'000'000'000, 5}};
  ASSERT_EQ(utimensat(AT_FDCWD, (root + "/.wh.dir").c_str(), times, 0), 0);
  ASSERT_EQ(utimensat(AT_FDCWD, (root + "/setuid").c_str(), times, 0), 0);

  store::Cache cache = open_cache();
  const ImageUse tree = use(rootfs(root), cache);
  EXPECT_EQ(tree_listing(tree.path()),
            ".wh.dir/ 755\n"
            ".wh.dir/program 755 \"x\"\n"
            "build/ 755\n"
            "dev/ 755\n"
            "link -> /etc/passwd\n"
            "proc/ 755\n"
            "read-only 600 \"x\"\n"
            "setuid 4755 \"x\"\n"
            "src/ 755\n"
            "tmp/ 1777\n"
            "twin = setuid\n");
  EXPECT_EQ(stat_link(tree.path() + "/.wh.dir")->mtime, 1'000'000'000'000'000'005);
  EXPECT_EQ(stat_link(tree.path() + "/setuid")->mtime, 1'000'000'000'000'000'005);
}

TEST_F(ImageUseTest, MountPointsReplaceWhatIsNoDirectory) {
  write_file_atomically(
      path("a.tar"),
      TarBuilder().symlink("tmp", "/var/tmp").file("src", "x").file("dev/kept", "y").text());
  EXPECT_EQ(listing(rootfs(path("a.tar"))),
            "build/ 755\n"
            "dev/ 755\n"
            "dev/kept 644 \"y\"\n"
            "proc/ 755\n"
            "src/ 755\n"
            "tmp/ 1777\n");
}

TEST_F(ImageUseTest, IsMadeOnceAndFoundAfterwards) {
  const spec::Image image = write_layout();
  store::Cache cache = open_cache();
  EXPECT_TRUE(use(image, cache).made());
  const uint64_t inode = stat_link(use(image, cache).path())->inode;
  EXPECT_FALSE(use(image, cache).made());
  EXPECT_EQ(stat_link(use(image, cache).path())->inode, inode);
  EXPECT_EQ(leftovers(cache).size(), 1u);
}

TEST_F(ImageUseTest, EightProcessesUnpackOneLayoutOnce) {
  const spec::Image image = write_layout();
  const auto codes = in_processes(8, [&] {
    store::Cache cache(path("cache"), [](const std::string&) {});
    const ImageUse tree = use(image, cache);
    if (read_file(tree.path() + "/c") != "3") return 2;
    return tree.made() ? 1 : 0;
  });
  EXPECT_EQ(codes, (std::vector<int>{0, 0, 0, 0, 0, 0, 0, 1}));
}

TEST_F(ImageUseTest, EightProcessesWorkOnOneKeyOnce) {
  { store::Cache cache = open_cache(); }
  make_directories(path("makers"));
  const Digest identity = digest_of("tree");
  const auto codes = in_processes(8, [&] {
    store::Cache cache(path("cache"), [](const std::string&) {});
    ImageStore images(cache);
    const auto known = [&]() -> std::optional<Digest> {
      if (list_directory(path("makers")).empty()) return std::nullopt;
      return identity;
    };
    const Digest made = images.make("key", known, [&](const std::string& file) {
      write_file_atomically(file, "x");
      usleep(10'000);
      write_file_atomically(path("makers") + "/" + std::to_string(getpid()), "");
      return identity;
    });
    return made == identity ? 0 : 1;
  });
  EXPECT_EQ(codes, std::vector<int>(8, 0));
  EXPECT_EQ(list_directory(path("makers")).size(), 1u);
}

TEST_F(ImageUseTest, EightProcessesSeeOneTreeOfOneArchive) {
  TarBuilder tar;
  for (int i = 0; i < 200; ++i) tar.file("f" + std::to_string(i), std::to_string(i));
  write_file_atomically(path("a.tar"), tar.text());
  { store::Cache cache = open_cache(); }
  const auto codes = in_processes(8, [&] {
    store::Cache cache(path("cache"), [](const std::string&) {});
    const ImageUse tree = use(rootfs(path("a.tar")), cache);
    // The tree's inode number tells whether all see the same one.
    return read_file(tree.path() + "/f199") == "199"
               ? static_cast<int>(stat_link(tree.path())->inode % 97)
               : 98;
  });
  EXPECT_EQ(codes, std::vector<int>(8, codes[0]));
  EXPECT_LT(codes[0], 98);
  store::Cache cache = open_cache();
  EXPECT_EQ(leftovers(cache).size(), 2u);  // packed, to identify it, and unpacked
}

TEST_F(ImageUseTest, HoldsASharedLockAndOthersMayUseTheTreeMeanwhile) {
  const spec::Image image = write_layout();
  store::Cache cache = open_cache();
  const spec::ImageIdentity identity = identify(image, cache);
  const std::string lock = cache.images_directory() + "/" + identity.identity.hex() + "-tree.lock";
  {
    const ImageUse first = unpacked_tree(image, identity, cache);
    EXPECT_FALSE(can_lock_alone(lock));
    const ImageUse second = unpacked_tree(image, identity, cache);
    EXPECT_EQ(second.path(), first.path());
  }
  EXPECT_TRUE(can_lock_alone(lock));
}

TEST_F(ImageUseTest, ClearingTheCacheLeavesWhatIsInUse) {
  const spec::Image image = write_layout();
  store::Cache cache = open_cache();
  {
    const ImageUse in_use = use(image, cache);
    cache.clear();
    EXPECT_EQ(read_file(in_use.path() + "/c"), "3");
    EXPECT_FALSE(use(image, cache).made());
  }
  cache.clear();
  EXPECT_TRUE(leftovers(cache).empty());
  EXPECT_TRUE(use(image, cache).made());
}

TEST_F(ImageUseTest, AnArchiveWithATreeInUseIsIdentified) {
  write_file_atomically(path("a.tar"), TarBuilder().file("a", "x").text());
  write_file_atomically(path("b.tar"), TarBuilder().file("a", "x").file("a", "x").text());
  store::Cache cache = open_cache();
  const ImageUse in_use = use(rootfs(path("a.tar")), cache);
  EXPECT_EQ(use(rootfs(path("b.tar")), cache).path(), in_use.path());
}

TEST_F(ImageUseTest, ALockOnAFileThatWasRemovedMeanwhileIsNotBelieved) {
  const spec::Image image = write_layout();
  std::string file;
  {
    store::Cache cache = open_cache();
    const ImageUse tree = use(image, cache);
    file = parent_path(tree.path()) + ".lock";
  }
  const pid_t child = fork();
  if (child == 0) {
    usleep(20'000);  // the parent locks meanwhile
    store::Cache cache(path("cache"), [](const std::string&) {});
    const ImageUse tree = use(image, cache);
    _exit(exists(tree.path()) && exists(file) && !can_lock_alone(file) ? 0 : 1);
  }
  {
    const UniqueFd remover(open(file.c_str(), O_RDWR | O_CLOEXEC));
    ASSERT_EQ(flock(remover.get(), LOCK_EX), 0);
    usleep(150'000);  // the child waits for the lock meanwhile
    remove_tree(file);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST_F(ImageUseTest, ARemovedLockFileIsNoTrouble) {
  const spec::Image image = write_layout();
  store::Cache cache = open_cache();
  const ImageUse first = use(image, cache);
  for (const std::string& name : list_directory(cache.images_directory())) {
    if (name.ends_with(".lock")) remove_tree(cache.images_directory() + "/" + name);
  }
  EXPECT_FALSE(use(image, cache).made());
}

TEST_F(ImageUseTest, AHalfRemovedOrOlderTreeIsMadeAnew) {
  const spec::Image image = write_layout();
  store::Cache cache = open_cache();
  const std::string directory = parent_path(use(image, cache).path());
  remove_tree(directory + "/rootfs/b");
  remove_tree(directory + "/complete");
  EXPECT_TRUE(use(image, cache).made());
  EXPECT_EQ(read_file(directory + "/rootfs/b"), "2");
  write_file_atomically(directory + "/complete", "cntr image 0\n");
  EXPECT_TRUE(use(image, cache).made());
  EXPECT_FALSE(use(image, cache).made());
}

TEST_F(ImageUseTest, WhatACrashLeftIsRemoved) {
  const spec::Image image = write_layout();
  store::Cache cache = open_cache();
  const spec::ImageIdentity identity = identify(image, cache);
  const std::string draft =
      cache.scratch_directory() + "/image-" + identity.identity.hex() + "-tree.abcdef";
  make_directories(draft + "/rootfs/locked");
  ASSERT_EQ(chmod((draft + "/rootfs/locked").c_str(), 0), 0);
  EXPECT_TRUE(unpacked_tree(image, identity, cache).made());
  EXPECT_FALSE(exists(draft));
}

TEST_F(ImageUseTest, KilledAtAnyMomentLeavesNoHalfTree) {
  TarBuilder tar;
  for (int i = 0; i < 1000; ++i)
    tar.file("d" + std::to_string(i % 40) + "/f" + std::to_string(i), "x");
  LayoutBuilder builder(path("layout"));
  builder.add_layer(tar.text());
  builder.write_index({builder.add_image()});
  const spec::Image image = layout(path("layout"));
  { store::Cache cache = open_cache(); }
  int interrupted = 0;
  for (int delay_us = 1000; delay_us < 40'000; delay_us += 4000) {
    const pid_t child = fork();
    if (child == 0) {
      store::Cache cache(path("cache"), [](const std::string&) {});
      use(image, cache);
      _exit(0);
    }
    usleep(static_cast<useconds_t>(delay_us));
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) ++interrupted;
    store::Cache cache = open_cache();
    const ImageUse tree = use(image, cache);
    for (int i = 0; i < 1000; i += 50) {
      ASSERT_TRUE(exists(tree.path() + "/d" + std::to_string(i % 40) + "/f" + std::to_string(i)));
    }
    EXPECT_EQ(leftovers(cache).size(), 1u);
    remove_tree(parent_path(tree.path()));
  }
  EXPECT_GT(interrupted, 0);
}

TEST_F(ImageUseTest, ASourceThatChangedSinceItsIdentityWasTaken) {
  store::Cache cache = open_cache();
  const std::string end =
      " has changed since its identity was taken\n"
      "  Build again when nothing changes it any more.";
  const std::string prefix = "/project/CMakeLists.txt:7: Image tools: ";

  make_directories(path("rootfs"));
  write_file_atomically(path("rootfs") + "/a", "old");
  const spec::ImageIdentity of_directory = identify(rootfs(path("rootfs")), cache);
  write_file_atomically(path("rootfs") + "/a", "new");
  EXPECT_EQ(message_of([&] { unpacked_tree(rootfs(path("rootfs")), of_directory, cache); }),
            prefix + path("rootfs") + end);

  const spec::Image image = write_layout();
  const spec::ImageIdentity of_layout = identify(image, cache);
  LayoutBuilder builder(path("layout"));
  builder.write_index({builder.add_image(R"("User": "new")")});
  EXPECT_EQ(message_of([&] { unpacked_tree(image, of_layout, cache); }),
            prefix + path("layout") + end);
  EXPECT_TRUE(leftovers(cache).empty());
}

TEST_F(ImageUseTest, ALayerThatIsNotWhatTheConfigNames) {
  LayoutBuilder builder(path("layout"));
  builder.add_layer(TarBuilder().file("a", "1").text());
  builder.add_image();
  const std::string config = read_file(builder.blob_path(builder.last_config()));
  const std::string layer = builder.add_layer(TarBuilder().file("a", "2").text());
  builder.write_index(
      {builder.add_blob("application/vnd.oci.image.manifest.v1+json",
                        R"({"schemaVersion": 2, "config": )" +
                            builder.add_blob("application/vnd.oci.image.config.v1+json", config) +
                            R"(, "layers": [)" + layer + "]}")});
  store::Cache cache = open_cache();
  EXPECT_EQ(message_of([&] { use(layout(path("layout")), cache); }),
            "/project/CMakeLists.txt:7: Image tools: layer " +
                digest_of(TarBuilder().file("a", "2").text()).text() +
                ": its content does not have the digest that the config names");
  EXPECT_TRUE(leftovers(cache).empty());
}

TEST_F(ImageUseTest, AHostileLayerLeavesNothing) {
  LayoutBuilder builder(path("layout"));
  const std::string bad = TarBuilder().file("a", "1").file("../b", "2").text();
  builder.add_layer(bad);
  builder.write_index({builder.add_image()});
  store::Cache cache = open_cache();
  EXPECT_EQ(message_of([&] { use(layout(path("layout")), cache); }),
            "/project/CMakeLists.txt:7: Image tools: layer " + digest_of(bad).text() +
                ": entry \"../b\": its name has a \"..\"");
  EXPECT_TRUE(leftovers(cache).empty());
}

TEST_F(ImageUseTest, InASharedCacheOthersMayReadAndOnlyRead) {
  set_cache_mode(0755);
  write_file_atomically(path("a.tar"), TarBuilder()
                                           .directory("private", 0700)
                                           .file("private/key", "x", 0600)
                                           .file("setuid", "x", 04755)
                                           .file("everybody", "x", 0666)
                                           .text());
  store::Cache cache = open_cache();
  const ImageUse tree = use(rootfs(path("a.tar")), cache);
  EXPECT_EQ(tree_listing(tree.path()),
            "build/ 755\n"
            "dev/ 755\n"
            "everybody 644 \"x\"\n"
            "private/ 755\n"
            "private/key 644 \"x\"\n"
            "proc/ 755\n"
            "setuid 755 \"x\"\n"
            "src/ 755\n"
            "tmp/ 1755\n");
  EXPECT_EQ(stat_link(tree.path())->mode, 0755u);
  EXPECT_EQ(stat_link(parent_path(tree.path()))->mode, 0755u);
}

TEST_F(ImageUseTest, AnotherUserOfASharedCacheUsesWhatIsThere) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to become another user";
  ASSERT_EQ(chmod(place_.path().c_str(), 0755), 0);
  set_cache_mode(01777);
  const spec::Image image = write_layout();
  {
    store::Cache cache = open_cache();
    EXPECT_TRUE(use(image, cache).made());
  }
  const auto codes = in_processes(1, [&] {
    if (setgid(65534) != 0 || setuid(65534) != 0) return 2;
    store::Cache cache(path("cache"), [](const std::string&) {});
    const ImageUse tree = use(image, cache);
    if (read_file(tree.path() + "/c") != "3") return 3;
    return tree.made() ? 1 : 0;
  });
  EXPECT_EQ(codes, std::vector<int>{0});
}

}  // namespace
}  // namespace cntr::image
