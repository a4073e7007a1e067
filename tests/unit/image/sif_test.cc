// SIF headers: real files, and every way to lie in one.
#include "image/sif.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/file_system.h"
#include "tree_listing.h"

namespace cntr::image {
namespace {

constexpr uint64_t kTable = 4096;
constexpr uint64_t kDescriptor = 585;

class Bytes : public SifBytes {
 public:
  explicit Bytes(std::string text, uint64_t claimed = 0)
      : text_(std::move(text)), size_(claimed == 0 ? text_.size() : claimed) {}
  uint64_t size() const override { return size_; }
  std::string read(uint64_t offset, uint64_t count) const override {
    return offset >= text_.size() ? "" : text_.substr(offset, count);
  }

 private:
  std::string text_;
  uint64_t size_;
};

void put(std::string& text, size_t offset, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) text[offset + i] = static_cast<char>(value >> (8 * i));
}

// A SIF with the given number of descriptors, all of them unused.
std::string empty_sif(uint64_t descriptors = 2) {
  std::string text(8192, '\0');
  text.replace(32, 10, std::string("SIF_MAGIC\0", 10));
  text.replace(42, 3, std::string("01\0", 3));
  put(text, 88, descriptors, 8);
  put(text, 96, kTable, 8);
  put(text, 104, descriptors * kDescriptor, 8);
  return text;
}

void add_partition(std::string& text, size_t index, uint64_t offset, uint64_t size,
                   uint32_t file_system = 1, uint32_t type = 2) {
  const size_t at = kTable + index * kDescriptor;
  put(text, at, 0x4004, 4);
  put(text, at + 4, 1, 1);
  put(text, at + 17, offset, 8);
  put(text, at + 25, size, 8);
  put(text, at + 201, file_system, 4);
  put(text, at + 205, type, 4);
  text.replace(at + 209, 3, std::string("02\0", 3));
}

std::string message(const std::string& text, uint64_t claimed = 0) {
  return message_of([&] { find_root_partition(Bytes(text, claimed)); });
}

std::string data(const std::string& name) { return std::string(CNTR_TEST_SIF) + "/" + name; }

TEST(Sif, FindsTheRootPartition) {
  std::string text = empty_sif();
  add_partition(text, 0, 7000, 10, 1, 4);  // an overlay
  add_partition(text, 1, 8000, 192);
  const SifPartition expected{8000, 192, "amd64"};
  EXPECT_EQ(find_root_partition(Bytes(text)), expected);
}

TEST(Sif, ReadsRealFiles) {
  const SifPartition expected{36864, 4096, "386"};
  EXPECT_EQ(read_sif(data("one-group.sif")), expected);
  EXPECT_EQ(read_sif(data("one-group-signed-pgp.sif")), expected);
  for (const char* const name : {"empty.sif", "one-object-generic-json.sif"}) {
    EXPECT_EQ(message_of([&] { read_sif(data(name)); }),
              data(name) + ": the SIF has no root file system (a primary system partition)");
  }
}

TEST(Sif, RefusesWhatIsNoSif) {
  EXPECT_EQ(message(""), "it is not a SIF file");
  EXPECT_EQ(message(std::string(5000, 'x')), "it is not a SIF file");
  EXPECT_EQ(message_of([] { read_sif("/no/such.sif"); }), "there is no file /no/such.sif");
  EXPECT_EQ(message_of([] { read_sif("/tmp"); }), "/tmp is not a file");
  std::string text = empty_sif();
  text[43] = '2';
  EXPECT_EQ(message(text), "it is a SIF file of the unknown version \"02\"");
}

TEST(Sif, RefusesTablesOutsideOfTheFile) {
  const std::string truncated = "the SIF file is damaged: its header is truncated";
  EXPECT_EQ(message(empty_sif().substr(0, 127)), truncated);
  const std::string outside =
      "the SIF file is damaged: its table of descriptors does not lie within the file";
  EXPECT_EQ(message(empty_sif().substr(0, kTable + kDescriptor)), outside);
  for (const uint64_t offset :
       {uint64_t{8000}, ~uint64_t{0}, uint64_t{1} << 63, ~uint64_t{0} - 500}) {
    std::string text = empty_sif();
    put(text, 96, offset, 8);
    EXPECT_EQ(message(text), outside) << offset;
  }
  std::string text = empty_sif();
  put(text, 104, 10, 8);
  EXPECT_EQ(message(text), outside);
  put(text, 88, ~uint64_t{0}, 8);
  EXPECT_EQ(message(text),
            "the SIF file is damaged: it claims to have 18446744073709551615 descriptors");
  // The file shrinks while it is read.
  EXPECT_EQ(message(empty_sif().substr(0, kTable + 100), 8192),
            "the SIF file is damaged: its table of descriptors is truncated");
}

TEST(Sif, RefusesPartitionsOutsideOfTheFile) {
  const std::string outside =
      "the SIF file is damaged: its root file system does not lie within the file";
  for (const auto& [offset, size] : std::vector<std::pair<uint64_t, uint64_t>>{
           {8000, 193}, {8192, 1}, {~uint64_t{0}, 1}, {8000, ~uint64_t{0}}, {100, 0}}) {
    std::string text = empty_sif();
    add_partition(text, 0, offset, size);
    EXPECT_EQ(message(text), outside) << offset << " " << size;
  }
}

TEST(Sif, RefusesWhatItCannotRun) {
  std::string text = empty_sif();
  add_partition(text, 0, 5300, 10);
  add_partition(text, 1, 5300, 10);
  EXPECT_EQ(message(text), "the SIF file is damaged: it has two root file systems");
  const std::string note = "\n  Cntr runs a SIF whose root file system is a plain squashfs.";
  text = empty_sif();
  add_partition(text, 0, 5300, 10, 5);
  EXPECT_EQ(message(text), "the SIF's root file system is an encrypted squashfs" + note);
  text = empty_sif();
  add_partition(text, 0, 5300, 10, 77);
  EXPECT_EQ(message(text),
            "the SIF's root file system is of the unknown file system type 77" + note);
}

}  // namespace
}  // namespace cntr::image
