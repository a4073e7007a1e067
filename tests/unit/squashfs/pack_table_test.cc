// The table of a saved pack is hostile: all that is wrong with it is found.
#include "squashfs/pack_table.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>

#include "pack_fixture.h"

namespace cntr::squashfs {
namespace {

// A file of two blocks, one of them a hole, and an end; and a file that is an end only.
PackTable good_table() {
  PackTable table;
  table.data_size = 300;
  table.files.resize(3);
  table.files[0] = {.size = 2 * kBlock + 10, .offset = 0, .blocks = 2, .fragment = 0};
  table.files[1] = {.size = 20, .fragment = 0, .fragment_offset = 10};
  table.block_sizes = {100, 0};
  table.block_checksums = {7, 0};
  table.fragments = {
      {.offset = 100, .size = 30 | kStoredBlock, .checksum = 8, .unpacked_size = 30}};
  return table;
}

std::string error_of(const PackTable& table) {
  return message_of([&] { parse_pack_table(pack_table_bytes(table), table.data_size, "p"); });
}

TEST(PackTable, ComesBackAsItWas) {
  const PackTable table = good_table();
  EXPECT_EQ(parse_pack_table(pack_table_bytes(table), table.data_size, "p"), table);
  EXPECT_EQ(parse_pack_table(pack_table_bytes({}), 0, "p"), PackTable{});
}

TEST(PackTable, RefusesWhatDoesNotFitTogether) {
  const std::vector<std::function<void(PackTable&)>> mistakes = {
      [](PackTable& t) { t.files[0].blocks = 3; },
      [](PackTable& t) { t.files[0].blocks = 1; },
      [](PackTable& t) { t.files[1].blocks = UINT32_MAX; },
      [](PackTable& t) { t.files[0].size -= 10; },
      [](PackTable& t) { t.files[0].size += kBlock; },
      [](PackTable& t) { t.files[0].size = UINT64_MAX; },
      [](PackTable& t) { t.files[0].offset = 201; },
      [](PackTable& t) { t.files[0].offset = UINT64_MAX - 50; },
      [](PackTable& t) { t.files[0].fragment = 1; },
      [](PackTable& t) { t.files[1].fragment = kNoFragment; },
      [](PackTable& t) { t.files[1].fragment_offset = 11; },
      [](PackTable& t) { t.files[1].fragment_offset = UINT32_MAX; },
      [](PackTable& t) { t.files[1].size = 21; },
      [](PackTable& t) { t.files[2].size = 1; },
      [](PackTable& t) { t.block_sizes[0] = 301; },
      [](PackTable& t) { t.block_sizes[0] = kBlock; },
      [](PackTable& t) { t.block_sizes[0] = 100 | kStoredBlock; },
      [](PackTable& t) { t.block_sizes[1] = kStoredBlock; },
      [](PackTable& t) { t.block_sizes[1] = 201; },
      [](PackTable& t) { t.block_sizes[0] = 1U << 31; },
      [](PackTable& t) { t.fragments[0].size = 0; },
      [](PackTable& t) { t.fragments[0].size = 30; },
      [](PackTable& t) { t.fragments[0].offset = 271; },
      [](PackTable& t) { t.fragments[0].unpacked_size = 31; },
      [](PackTable& t) { t.fragments[0].unpacked_size = kBlock + 1; },
      [](PackTable& t) { t.compression.block_size = kBlock + 1; },
      [](PackTable& t) { t.compression.block_size = 2048; },
      [](PackTable& t) { t.compression.compressor = static_cast<Compressor>(2); },
  };
  EXPECT_EQ(error_of(good_table()), "");
  for (size_t i = 0; i < mistakes.size(); ++i) {
    PackTable table = good_table();
    mistakes[i](table);
    EXPECT_EQ(error_of(table), "The data pack p is damaged") << "mistake " << i;
  }
}

TEST(PackTable, RefusesEveryChangedByteAndEveryPiece) {
  const std::string good = pack_table_bytes(good_table());
  for (size_t i = 0; i < good.size(); ++i) {
    std::string damaged = good;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    EXPECT_NE(message_of([&] { parse_pack_table(damaged, 300, "p"); }), "") << i;
    EXPECT_NE(message_of([&] { parse_pack_table(good.substr(0, i), 300, "p"); }), "") << i;
    EXPECT_NE(message_of([&] { parse_pack_table(good.substr(i + 1), 300, "p"); }), "") << i;
  }
  EXPECT_NE(message_of([&] { parse_pack_table(good, 299, "p"); }), "");
}

class PackFileTest : public PackFixture {
 protected:
  std::string load_error() const {
    return message_of([&] { DataPack::load(open_to_read(path("pack")), "pack"); });
  }
};

TEST_F(PackFileTest, FilesThatAreNoPacks) {
  write_file_atomically(path("pack"), "");
  EXPECT_EQ(load_error(), "The data pack pack is damaged");
  write_file_atomically(path("pack"), noise(5000));
  EXPECT_EQ(load_error(), "The data pack pack is damaged");
}

TEST_F(PackFileTest, AnUnsavedOrTruncatedOne) {
  DataPackWriter writer = this->writer("pack");
  writer.add_file(noise(1000));
  const DataPack pack = writer.finish();
  EXPECT_EQ(load_error(), "The data pack pack is damaged");
  pack.save();
  EXPECT_EQ(load_error(), "");
  const std::string bytes = read_file(path("pack"));
  write_file_atomically(path("pack"), bytes.substr(1));
  EXPECT_EQ(load_error(), "The data pack pack is damaged");
  write_file_atomically(path("pack"), bytes.substr(0, bytes.size() - 1));
  EXPECT_EQ(load_error(), "The data pack pack is damaged");
}

TEST_F(PackFileTest, OneOfAnotherVersion) {
  writer("pack").finish().save();
  std::string bytes = read_file(path("pack"));
  bytes[8] = 2;
  write_file_atomically(path("pack"), bytes);
  EXPECT_EQ(load_error(), "The data pack pack is of another version of Cntr");
}

}  // namespace
}  // namespace cntr::squashfs
