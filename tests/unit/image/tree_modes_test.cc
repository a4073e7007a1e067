#include "image/tree_modes.h"

#include <gtest/gtest.h>

namespace cntr::image {
namespace {

TEST(TreeModes, APrivateCacheKeepsTheImagesModes) {
  const TreeModes modes(0700);
  EXPECT_EQ(modes.file(04755), 04755u);
  EXPECT_EQ(modes.file(0666), 0666u);
  EXPECT_EQ(modes.file(0), 0600u);
  EXPECT_EQ(modes.directory(01777), 01777u);
  EXPECT_EQ(modes.directory(0555), 0755u);
  EXPECT_EQ(modes.directory(0), 0700u);
}

TEST(TreeModes, WhoMayReadTheCacheMayReadItsImages) {
  const TreeModes modes(0755);
  EXPECT_EQ(modes.file(0600), 0644u);
  EXPECT_EQ(modes.file(0700), 0755u);
  EXPECT_EQ(modes.directory(0700), 0755u);
  const TreeModes group(0750);
  EXPECT_EQ(group.file(0600), 0640u);
  EXPECT_EQ(group.directory(0700), 0750u);
}

TEST(TreeModes, NobodyElseMayWriteOrBorrowRights) {
  const TreeModes modes(0755);
  EXPECT_EQ(modes.file(0666), 0644u);
  EXPECT_EQ(modes.file(06755), 0755u);
  EXPECT_EQ(modes.directory(01777), 01755u);
  const TreeModes group_writes(02775);
  EXPECT_EQ(group_writes.file(0666), 0664u);
  EXPECT_EQ(group_writes.file(04755), 0755u);
  EXPECT_EQ(group_writes.directory(01777), 01775u);
}

TEST(TreeModes, AFileStaysExecutableOrNot) {
  for (const mode_t root : {0700, 0750, 0755, 02775, 01777}) {
    const TreeModes modes(root);
    for (mode_t mode = 0; mode <= 07777; ++mode) {
      ASSERT_EQ((modes.file(mode) & 0111) != 0, (mode & 0111) != 0) << std::oct << root << mode;
    }
  }
}

}  // namespace
}  // namespace cntr::image
