// The packed image in the cache: that it is made once, the same each time, and never half.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include "archive_builder.h"
#include "base/error.h"
#include "image_fixture.h"
#include "squashfs/superblock.h"

namespace cntr::image {
namespace {

class PackedImageTest : public ImageFixture {
 protected:
  spec::Image write_layout() {
    LayoutBuilder builder(path("layout"));
    builder.add_layer(TarBuilder().file("a", "1").file("b", "2").text(), Compression::kGzip);
    builder.add_layer(TarBuilder().file(".wh.a", "").file("c", "3").text(), Compression::kZstd);
    builder.write_index({builder.add_image()});
    return layout(path("layout"));
  }

  static PackedImage use(const spec::Image& image, store::Cache& cache) {
    return packed_image(image, identify(image, cache), cache);
  }

  static uint32_t inodes(const PackedImage& packed) {
    const UniqueFd fd = open_to_read(packed.file);
    const uint64_t length = stat_file(packed.file)->size - packed.offset;
    return squashfs::read_superblock(fd.get(), packed.offset, length, "image").inodes;
  }
};

TEST_F(PackedImageTest, HasTheLayersAndTheMountPoints) {
  store::Cache cache = open_cache();
  // The root, b, c and five directories.
  EXPECT_EQ(inodes(use(write_layout(), cache)), 8u);
}

TEST_F(PackedImageTest, IsMadeOnceAndFoundAfterwards) {
  const spec::Image image = write_layout();
  store::Cache cache = open_cache();
  const spec::ImageIdentity identity = identify(image, cache);
  EXPECT_FALSE(find_packed_image(image, identity, cache));
  EXPECT_TRUE(packed_image(image, identity, cache).use->made());
  EXPECT_FALSE(packed_image(image, identity, cache).use->made());
  EXPECT_TRUE(find_packed_image(image, identity, cache));
  EXPECT_FALSE(find_unpacked_tree(identity.identity, cache));
  EXPECT_EQ(leftovers(cache).size(), 1u);
}

TEST_F(PackedImageTest, IsTheSameBytesInEveryCache) {
  const spec::Image image = write_layout();
  std::string first;
  {
    store::Cache cache = open_cache();
    first = read_file(use(image, cache).file);
    cache.clear();
  }
  store::Cache cache = open_cache();
  EXPECT_TRUE(read_file(use(image, cache).file) == first);
}

TEST_F(PackedImageTest, OfAnArchiveIsThereOnceItIsIdentified) {
  write_file_atomically(path("a.tar"), TarBuilder().file("a", "x").text());
  store::Cache cache = open_cache();
  const spec::Image image = rootfs(path("a.tar"));
  const spec::ImageIdentity identity = identify(image, cache);
  EXPECT_FALSE(packed_image(image, identity, cache).use->made());
  remove_tree(cache.images_directory() + "/" + identity.identity.hex());
  EXPECT_TRUE(packed_image(image, identity, cache).use->made());
}

TEST_F(PackedImageTest, EightProcessesPackOneLayoutOnce) {
  const spec::Image image = write_layout();
  const auto codes = in_processes(8, [&] {
    store::Cache cache(path("cache"), [](const std::string&) {});
    const PackedImage packed = use(image, cache);
    if (inodes(packed) != 8) return 2;
    return packed.use->made() ? 1 : 0;
  });
  EXPECT_EQ(codes, (std::vector<int>{0, 0, 0, 0, 0, 0, 0, 1}));
}

TEST_F(PackedImageTest, ClearingTheCacheLeavesWhatIsInUse) {
  const spec::Image image = write_layout();
  store::Cache cache = open_cache();
  {
    const PackedImage in_use = use(image, cache);
    cache.clear();
    EXPECT_TRUE(exists(in_use.file));
  }
  cache.clear();
  EXPECT_TRUE(leftovers(cache).empty());
}

TEST_F(PackedImageTest, KilledAtAnyMomentLeavesNoHalfImage) {
  TarBuilder tar;
  for (int i = 0; i < 1000; ++i) tar.file("f" + std::to_string(i), std::to_string(i));
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
    ASSERT_EQ(inodes(use(image, cache)), 1006u);
    EXPECT_EQ(leftovers(cache).size(), 1u);
    cache.clear();
  }
  EXPECT_GT(interrupted, 0);
}

TEST_F(PackedImageTest, ASourceThatChangedSinceItsIdentityWasTaken) {
  store::Cache cache = open_cache();
  make_directories(path("rootfs"));
  write_file_atomically(path("rootfs") + "/a", "old");
  const spec::ImageIdentity identity = identify(rootfs(path("rootfs")), cache);
  write_file_atomically(path("rootfs") + "/a", "new");
  EXPECT_EQ(message_of([&] { packed_image(rootfs(path("rootfs")), identity, cache); }),
            "/project/CMakeLists.txt:7: Image tools: " + path("rootfs") +
                " has changed since its identity was taken\n"
                "  Build again when nothing changes it any more.");
  EXPECT_TRUE(leftovers(cache).empty());
}

TEST_F(PackedImageTest, AHostileLayerLeavesNothing) {
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

TEST_F(PackedImageTest, WhoMayReadTheCacheMayReadIt) {
  const spec::Image image = write_layout();
  {
    store::Cache cache = open_cache();
    EXPECT_EQ(stat_file(use(image, cache).file)->mode & 07077, 0u);
    cache.clear();
  }
  set_cache_mode(0755);
  store::Cache cache = open_cache();
  EXPECT_EQ(stat_file(use(image, cache).file)->mode, 0644u);
}

}  // namespace
}  // namespace cntr::image
