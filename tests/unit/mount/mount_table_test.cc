#include "mount/mount_table.h"

#include <gmock/gmock.h>

namespace cntr::mount {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(MountTable, ReadsWhatTheKernelWrites) {
  EXPECT_THAT(
      parse_mount_table(
          "27 1 254:0 / / rw,relatime shared:1 master:2 - ext4 /dev/root rw,discard\n"
          "45 27 0:39 / /run/m rw,nosuid - fuse.squashfuse_ll squashfuse_ll rw,user_id=0\n"),
      ElementsAre(MountEntry{"254:0", "/", "ext4", "/dev/root"},
                  MountEntry{"0:39", "/run/m", "fuse.squashfuse_ll", "squashfuse_ll"}));
}

TEST(MountTable, DecodesOctal) {
  EXPECT_THAT(parse_mount_table("1 1 0:1 / /a\\040b\\011c\\012d\\134e\\377 rw - t\\043x s\\040t o"),
              ElementsAre(MountEntry{"0:1", "/a b\tc\nd\\e\xff", "t#x", "s t"}));
}

TEST(MountTable, KeepsWhatIsNoOctal) {
  EXPECT_THAT(parse_mount_table("1 1 0:1 / /a\\04\\9\\400\\08z\\ rw - t s o"),
              ElementsAre(MountEntry{"0:1", "/a\\04\\9\\400\\08z\\", "t", "s"}));
}

TEST(MountTable, FieldsThatLookLikeTheSeparator) {
  EXPECT_THAT(parse_mount_table("1 1 0:1 - - rw - squashfs - o"),
              ElementsAre(MountEntry{"0:1", "-", "squashfs", "-"}));
}

TEST(MountTable, LeavesOutOtherLines) {
  EXPECT_THAT(parse_mount_table(""), IsEmpty());
  EXPECT_THAT(parse_mount_table("\n\n1\n1 2 3 4 5\n1 2 0:1 / /a rw - squashfs\n"
                                "1 2 0:1 / /a rw shared:1"),
              IsEmpty());
}

TEST(MountTable, TheLastMountIsSeen) {
  const std::vector<MountEntry> table{{"0:1", "/a", "squashfs", "x"},
                                      {"0:2", "/a/b", "squashfs", "y"},
                                      {"0:3", "/a", "tmpfs", "z"}};
  EXPECT_EQ(find_mount(table, "/a")->source, "z");
  EXPECT_EQ(find_mount(table, "/a/b")->source, "y");
  EXPECT_EQ(find_mount(table, "/a/"), std::nullopt);
  EXPECT_FALSE(shows_squashfs(table[2]));
  EXPECT_TRUE(shows_squashfs({"", "", "fuse.squashfuse", ""}));
  EXPECT_FALSE(shows_squashfs({"", "", "fuse.sshfs", ""}));
}

TEST(MountTable, ReadsThisMachines) {
  EXPECT_TRUE(find_mount(read_mount_table(), "/proc").has_value());
}

}  // namespace
}  // namespace cntr::mount
