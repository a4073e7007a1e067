#include "base/mapped_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "base/error.h"
#include "base/file_system.h"

namespace cntr {
namespace {

using Access = MappedFile::Access;

class MappedFileTest : public testing::Test {
 protected:
  std::shared_ptr<MappedFile> map(Access access) const {
    return MappedFile::of(open_to_read(path_).get(), path_, access);
  }

  TemporaryDirectory directory_{testing::TempDir(), "mapped_file."};
  std::string path_ = directory_.path() + "/file";
};

TEST_F(MappedFileTest, HasWhatTheFileHadEvenWhenThatIsReplaced) {
  write_file_atomically(path_, "some text");
  const auto file = map(Access::kRead);
  ASSERT_NE(file, nullptr);
  write_file_atomically(path_, "other text");
  EXPECT_EQ(file->text(), "some text");
}

TEST_F(MappedFileTest, AChangeOfTheMemoryLeavesTheFileAsItIs) {
  write_file_atomically(path_, "some text");
  const auto file = map(Access::kChange);
  ASSERT_NE(file, nullptr);
  file->bytes()[0] = std::byte{'c'};
  EXPECT_EQ(file->text(), "come text");
  EXPECT_EQ(read_file(path_), "some text");
}

TEST_F(MappedFileTest, AnyPartMayBeBroughtIntoMemory) {
  const std::string text(20'000, 'x');
  write_file_atomically(path_, text);
  const auto file = map(Access::kChange);
  ASSERT_NE(file, nullptr);
  file->bytes()[5000] = std::byte{'c'};
  for (const size_t offset : {size_t{0}, size_t{4097}, text.size() - 1, text.size(), SIZE_MAX}) {
    for (const size_t size : {size_t{0}, size_t{1}, text.size(), SIZE_MAX}) {
      file->prefault(offset, size);
    }
  }
  EXPECT_EQ(file->text(), std::string(5000, 'x') + "c" + std::string(14'999, 'x'));
}

TEST_F(MappedFileTest, IsNothingWithoutBytes) {
  write_file_atomically(path_, "");
  EXPECT_EQ(map(Access::kRead), nullptr);
  path_ = directory_.path();
  EXPECT_EQ(map(Access::kRead), nullptr);
}

TEST_F(MappedFileTest, AFileThatCannotBeReadIsAnError) {
  write_file_atomically(path_, "some text");
  const UniqueFd fd(::open(path_.c_str(), O_WRONLY | O_CLOEXEC));
  try {
    MappedFile::of(fd.get(), path_, Access::kRead);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), testing::HasSubstr("Cannot map " + path_));
  }
}

}  // namespace
}  // namespace cntr
