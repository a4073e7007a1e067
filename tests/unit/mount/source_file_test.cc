#include "mount/source_file.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "base/error.h"
#include "mount/trials.h"

namespace cntr::mount {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

class SourceFileTest : public testing::Test {
 protected:
  std::string write(const std::string& content) {
    const std::string path = directory_.path() + "/file";
    write_file_atomically(path, content);
    return path;
  }
  TemporaryDirectory directory_{"/tmp", "cntr-source-"};
};

TEST(SquashfsSize, ReadsTheSuperblock) { EXPECT_EQ(squashfs_size(empty_squashfs()), 144U); }

TEST(SquashfsSize, RefusesOtherBytes) {
  EXPECT_FALSE(squashfs_size(""));
  EXPECT_FALSE(squashfs_size("hsqs"));
  EXPECT_FALSE(squashfs_size(std::string(kSuperblockSize, '\0')));
  const std::string good = empty_squashfs();
  for (const size_t at : {0, 3, 28, 29, 30, 31}) {  // magic, versions
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] + 1);
    EXPECT_FALSE(squashfs_size(bad)) << at;
  }
  std::string tiny = good;
  tiny[40] = 1;
  EXPECT_FALSE(squashfs_size(tiny));
  EXPECT_FALSE(squashfs_size(good.substr(0, kSuperblockSize - 1)));
}

TEST_F(SourceFileTest, KnowsItsSizes) {
  const SourceFile file({write(std::string(5, 'x') + empty_squashfs()), 5});
  EXPECT_EQ(file.size(), 144U);
  EXPECT_EQ(file.available(), 4096U);
}

TEST_F(SourceFileTest, AnyChangeIsAnotherIdentity) {
  const std::string path = write(empty_squashfs());
  const std::string identity = SourceFile({path, 0}).identity();
  EXPECT_EQ(SourceFile({path, 0}).identity(), identity);
  write(empty_squashfs());  // the same bytes in another file
  EXPECT_NE(SourceFile({path, 0}).identity(), identity);
}

TEST_F(SourceFileTest, RefusesWhatIsCutOff) {
  const std::string path = write(empty_squashfs().substr(0, 100));
  EXPECT_THAT(
      [&] {
        SourceFile({path, 0});
      },
      ThrowsMessage<Error>("The squashfs file " + path + " is truncated: it has 100 of 144 bytes"));
  EXPECT_THAT(
      [&] {
        SourceFile({path, UINT64_MAX});
      },
      ThrowsMessage<Error>(HasSubstr("at offset 18446744073709551615 is not a squashfs")));
  EXPECT_THAT(
      [&] {
        SourceFile({path, 99});
      },
      ThrowsMessage<Error>(HasSubstr("is not a squashfs")));
}

TEST_F(SourceFileTest, EveryoneMayReadWhatAllDirectoriesShow) {
  const std::string path = write("x");
  chmod(path.c_str(), 0644);
  EXPECT_FALSE(everyone_may_read(path));  // the directory is private
  chmod(directory_.path().c_str(), 0711);
  EXPECT_TRUE(everyone_may_read(path));
  chmod(path.c_str(), 0640);
  EXPECT_FALSE(everyone_may_read(path));
}

}  // namespace
}  // namespace cntr::mount
