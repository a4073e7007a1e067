#include "squashfs/superblock.h"

#include <gtest/gtest.h>

#include <array>

#include "base/process.h"
#include "pack_fixture.h"
#include "squashfs/image_writer.h"

namespace cntr::squashfs {
namespace {

class SuperblockTest : public PackFixture {
 protected:
  SuperblockTest() {
    Tree tree;
    tree.add(*tree.directory_at("a/b", {}), "pipe", tree.make_fifo({}));
    write_image(tree, {}, {}, path("image"));
    image_ = read_file(path("image"));
  }

  Superblock read(const std::string& bytes, uint64_t offset = 0) const {
    write_file_atomically(path("damaged"), bytes);
    const UniqueFd fd = open_to_read(path("damaged"));
    return read_superblock(fd.get(), offset, bytes.size() - offset, "image");
  }

  std::string error_of(const std::string& bytes) const {
    return message_of([&] { read(bytes); });
  }

  std::string with(size_t offset, std::string_view bytes) const {
    std::string changed = image_;
    return changed.replace(offset, bytes.size(), bytes);
  }

  std::string image_;
};

TEST_F(SuperblockTest, SaysWhatTheImageIs) {
  const Superblock super = read(image_);
  EXPECT_EQ(super.inodes, 4U);
  EXPECT_EQ(super.modified, 0U);
  EXPECT_EQ(super.block_size, kBlock);
  EXPECT_EQ(super.fragments, 0U);
  EXPECT_EQ(super.compressor, "zstd");
  EXPECT_LT(super.bytes_used, image_.size());
}

TEST_F(SuperblockTest, MayStandAnywhereInAFile) {
  EXPECT_EQ(read(std::string(1000, 'x') + image_, 1000).inodes, 4U);
}

TEST_F(SuperblockTest, ReadsWhatMksquashfsWrites) {
  if (!find_program("mksquashfs", search_path())) GTEST_SKIP() << "mksquashfs is not installed";
  make_directories(path("tree"));
  write_file_atomically(path("tree/file"), "content");
  for (const char* compressor : {"gzip", "lzo", "xz", "zstd"}) {
    const Captured result = capture_process({"mksquashfs", path("tree"), path("other"), "-comp",
                                             compressor, "-noappend", "-no-progress", "-quiet"});
    ASSERT_EQ(result.status.code, 0) << result.err;
    const Superblock super = read(read_file(path("other")));
    EXPECT_EQ(super.compressor, compressor);
    EXPECT_EQ(super.inodes, 2U);
  }
}

TEST_F(SuperblockTest, RefusesOtherFiles) {
  EXPECT_EQ(error_of(""), "image: it is too short for a squashfs image");
  EXPECT_EQ(error_of(image_.substr(0, 95)), "image: it is too short for a squashfs image");
  EXPECT_EQ(error_of(noise(5000)), "image: it is no squashfs image");
  EXPECT_EQ(error_of(with(28, std::string("\3\0\1\0", 4))),
            "image: it is a squashfs image of version 3.1, not 4.0");
}

TEST_F(SuperblockTest, RefusesATruncatedImage) {
  const uint64_t used = read(image_).bytes_used;
  EXPECT_EQ(error_of(image_.substr(0, used - 1)),
            "image: the squashfs image is truncated: it has " + std::to_string(used) +
                " bytes, and only " + std::to_string(used - 1) + " are there");
  EXPECT_EQ(error_of(image_.substr(0, used)), "");
}

TEST_F(SuperblockTest, RefusesFieldsThatMakeNoSense) {
  const std::string zero(8, '\0');
  const std::string ones(8, '\xff');
  const std::string large = std::string("\0\0\0\0\0\0\0\x10", 8);
  const std::string nonsense =
      "image: the squashfs image is damaged: its superblock makes no sense";
  EXPECT_EQ(error_of(with(4, zero.substr(0, 4))), nonsense);   // no inodes
  EXPECT_EQ(error_of(with(12, zero.substr(0, 4))), nonsense);  // block size
  EXPECT_EQ(error_of(with(22, ones.substr(0, 2))), nonsense);  // its logarithm
  EXPECT_EQ(error_of(with(20, zero.substr(0, 2))), nonsense);  // compressor
  EXPECT_EQ(error_of(with(20, std::string("\7\0", 2))), nonsense);
  EXPECT_EQ(error_of(with(26, zero.substr(0, 2))), nonsense);  // no owner
  EXPECT_EQ(error_of(with(32, large)), nonsense);              // root
  // The tables of ids, inodes, directories and exports.
  for (const size_t table : {48, 64, 72, 88}) {
    EXPECT_EQ(error_of(with(table, zero)), nonsense) << table;
    EXPECT_EQ(error_of(with(table, large)), nonsense) << table;
  }
  EXPECT_EQ(error_of(with(48, ones)), nonsense);
  EXPECT_EQ(error_of(with(64, ones)), nonsense);
  EXPECT_EQ(error_of(with(72, ones)), nonsense);
  EXPECT_EQ(error_of(with(88, ones)), "");  // there need not be one
}

}  // namespace
}  // namespace cntr::squashfs
