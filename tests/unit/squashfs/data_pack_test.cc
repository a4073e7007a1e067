// Data packs: what goes in comes out, once, and always as the same bytes.
#include "squashfs/data_pack.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <thread>

#include "pack_fixture.h"
#include "squashfs/data_pack_reader.h"

namespace cntr::squashfs {
namespace {

class DataPackTest : public PackFixture {
 protected:
  // Sizes around those at which something changes.
  static std::vector<std::string> contents() {
    std::vector<std::string> all;
    for (const size_t size : {size_t{0}, size_t{1}, size_t{100}, kBlock - 1, kBlock, kBlock + 1,
                              2 * kBlock, 3 * kBlock + 70'000, 10 * kBlock}) {
      all.push_back(text(size));
      all.push_back(noise(size, size + 1));
    }
    all.push_back(noise(kBlock) + std::string(3 * kBlock, '\0') + noise(kBlock + 5, 2));
    all.push_back(std::string(5 * kBlock + 9, '\0'));
    return all;
  }

  static void expect_contents(const DataPack& pack, const std::vector<FileIndex>& files,
                              const std::vector<std::string>& expected) {
    DataPackReader reader(pack);
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(pack.file_size(files[i]), expected[i].size());
      EXPECT_EQ(pack.file_digest(files[i]), digest_of(expected[i]));
      EXPECT_TRUE(reader.content(files[i]) == expected[i]) << "file " << i;
    }
  }

  // The bytes of a saved pack.
  std::string packed(const std::vector<std::string>& files, WorkerPool& pool, size_t piece) {
    DataPackWriter writer(new_file("pack"), "pack", {}, pool);
    for (const std::string& file : files) {
      writer.begin_file();
      for (size_t at = 0; at < file.size(); at += piece) writer.append(file.substr(at, piece));
      writer.end_file();
    }
    writer.finish().save();
    return read_file(path("pack"));
  }
};

TEST_F(DataPackTest, GivesBackEveryContent) {
  const std::vector<std::string> expected = contents();
  for (const char* compression : {"zstd", "lz4", "gzip:1", "xz:0"}) {
    DataPackWriter writer = this->writer("pack", parse_compression(compression));
    std::vector<FileIndex> files;
    for (const std::string& content : expected) files.push_back(writer.add_file(content));
    expect_contents(writer.finish(), files, expected);
  }
}

TEST_F(DataPackTest, GivesBackEveryContentOnceSavedAndLoaded) {
  const std::vector<std::string> expected = contents();
  std::vector<FileIndex> files;
  PackTable table;
  {
    DataPackWriter writer = this->writer("pack");
    for (const std::string& content : expected) files.push_back(writer.add_file(content));
    const DataPack pack = writer.finish();
    pack.save();
    table = pack.table();
  }
  const DataPack loaded = DataPack::load(open_to_read(path("pack")), "pack");
  EXPECT_EQ(loaded.table(), table);
  expect_contents(loaded, files, expected);
}

TEST_F(DataPackTest, IsTheSameBytesWithAnyNumberOfThreadsAndAnyPieces) {
  std::vector<std::string> files = contents();
  for (uint64_t i = 0; i < 200; ++i) files.push_back(noise(10 * i, i));
  files.push_back(files[8]);  // a large one again
  WorkerPool one(1);
  WorkerPool many(7);
  const std::string expected = packed(files, one, 1 << 20);
  EXPECT_TRUE(packed(files, many, 1 << 20) == expected);
  EXPECT_TRUE(packed(files, many, 4097) == expected);
}

TEST_F(DataPackTest, StoresEqualFilesOnce) {
  DataPackWriter writer = this->writer("pack");
  const std::string large = noise(5 * kBlock + 17);
  const FileIndex first = writer.add_file(large);
  const FileIndex small = writer.add_file("x");
  EXPECT_EQ(writer.add_file(large), first);
  const FileIndex other = writer.add_file(noise(2 * kBlock, 9));
  EXPECT_EQ(writer.add_file("x"), small);
  EXPECT_EQ(writer.add_file(large), first);
  EXPECT_NE(writer.add_file(""), first);
  const DataPack pack = writer.finish();
  EXPECT_EQ(pack.file_count(), 4U);
  // Noise is stored as it is; the fragment block holds 17 bytes and "x".
  EXPECT_EQ(pack.table().data_size, 7 * kBlock + 18);
  EXPECT_EQ(stat_file(path("pack"))->size, 7 * kBlock + 18);
  expect_contents(pack, {first, small, other}, {large, "x", noise(2 * kBlock, 9)});
}

TEST_F(DataPackTest, ManySmallFilesShareBlocks) {
  DataPackWriter writer = this->writer("pack");
  for (uint64_t i = 0; i < 1000; ++i) writer.add_file(noise(1000, i));
  const DataPack pack = writer.finish();
  EXPECT_EQ(pack.table().fragments.size(), 8U);  // 131 of them in a block
  EXPECT_TRUE(pack.table().block_sizes.empty());
}

TEST_F(DataPackTest, HolesTakeNoSpaceAndNoTime) {
  DataPackWriter writer = this->writer("pack");
  constexpr uint64_t kHole = uint64_t{3000} * kBlock;
  writer.begin_file();
  writer.append("begin");
  writer.append_zeros(kHole);
  writer.append("end");
  const FileIndex file = writer.end_file();
  const DataPack pack = writer.finish();
  EXPECT_EQ(pack.file_size(file), kHole + 8);
  EXPECT_LT(pack.table().data_size, 1000U);
  EXPECT_EQ(pack.table().files[file].blocks, kHole / kBlock);
  std::vector<std::pair<uint64_t, size_t>> pieces;
  DataPackReader(pack).read(file, [&](std::string_view bytes, uint64_t offset) {
    pieces.emplace_back(offset, bytes.size());
  });
  EXPECT_EQ(pieces, (std::vector<std::pair<uint64_t, size_t>>{{0, kBlock}, {kHole, 8}}));
}

TEST_F(DataPackTest, ZerosAreZerosHoweverTheyCome) {
  DataPackWriter writer = this->writer("pack");
  const std::string content =
      "a" + std::string(kBlock / 2, '\0') + std::string(4 * kBlock, '\0') + "b";
  const FileIndex whole = writer.add_file(content);
  writer.begin_file();
  writer.append("a");
  writer.append_zeros(kBlock / 2);
  writer.append(std::string(kBlock, '\0'));
  writer.append_zeros(3 * kBlock);
  writer.append_zeros(0);
  writer.append("");
  writer.append("b");
  EXPECT_EQ(writer.end_file(), whole);
  writer.finish();
}

TEST_F(DataPackTest, SeveralWritersShareAPool) {
  std::vector<std::thread> threads;
  std::vector<std::string> packs(4);
  for (size_t i = 0; i < packs.size(); ++i) {
    threads.emplace_back([&, i] {
      const std::string name = "pack" + std::to_string(i);
      DataPackWriter writer = this->writer(name);
      for (uint64_t n = 0; n < 40; ++n) writer.add_file(noise(n * 9000, n));
      writer.finish().save();
      packs[i] = read_file(path(name));
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& pack : packs) EXPECT_TRUE(pack == packs[0]);
}

TEST_F(DataPackTest, WritersMayBeUsedOnTheThreadsOfTheirPool) {
  std::atomic<int> done = 0;
  {
    WorkerPool pool(2);
    for (int i = 0; i < 6; ++i) {
      pool.submit([&, i] {
        DataPackWriter writer(new_file("pack" + std::to_string(i)), "pack", {}, pool);
        for (uint64_t n = 0; n < 50; ++n) writer.add_file(noise(kBlock, n));
        writer.finish();
        ++done;
      });
    }
  }
  EXPECT_EQ(done, 6);
}

TEST_F(DataPackTest, AWriterMayBeLeft) {
  DataPackWriter writer = this->writer("pack");
  writer.begin_file();
  for (uint64_t n = 0; n < 50; ++n) writer.append(noise(kBlock, n));
}

TEST_F(DataPackTest, AFullDiskIsAnError) {
  UniqueFd full(open("/dev/full", O_RDWR | O_CLOEXEC));
  ASSERT_TRUE(full.valid());
  DataPackWriter writer(std::move(full), "the pack", {}, pool_);
  EXPECT_EQ(message_of([&] {
              writer.add_file(noise(40 * kBlock));
              writer.finish();
            }),
            "Cannot write the pack: No space left on device");
}

TEST_F(DataPackTest, DamagedDataIsAnError) {
  DataPackWriter writer = this->writer("pack");
  const FileIndex large = writer.add_file(noise(2 * kBlock));
  const FileIndex small = writer.add_file("small");
  const DataPack pack = writer.finish();
  const UniqueFd fd(open(path("pack").c_str(), O_WRONLY | O_CLOEXEC));
  ASSERT_EQ(pwrite(fd.get(), "?", 1, kBlock + 9), 1);
  DataPackReader reader(pack);
  EXPECT_EQ(message_of([&] { reader.content(large); }), "The data pack pack is damaged");
  EXPECT_EQ(reader.content(small), "small");
  ASSERT_EQ(ftruncate(fd.get(), 2 * kBlock + 2), 0);
  EXPECT_EQ(message_of([&] { DataPackReader(pack).content(small); }),
            "The data pack pack is damaged");
}

}  // namespace
}  // namespace cntr::squashfs
