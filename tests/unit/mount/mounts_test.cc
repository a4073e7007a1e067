// Mounts within one process. Many processes, and accidents: tests/e2e/mount_*suite.bash.
#include <gmock/gmock.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "base/error.h"
#include "mount/mount.h"
#include "mount/mount_table.h"
#include "mount/trials.h"

namespace cntr::mount {
namespace {

using testing::IsEmpty;
using testing::ThrowsMessage;

class MountsTest : public testing::Test {
 protected:
  MountsTest() {
    write_file_atomically(file_, empty_squashfs());
    settings_.place = directory_.path() + "/place";
    settings_.shared_place = "";
    settings_.idle = std::chrono::milliseconds(0);
  }
  ~MountsTest() override { wait_for_the_end(); }

  // Skips the test where nothing can be mounted.
  bool possible() {
    const Mounted mounted = Mounts(settings_).mount({file_, 0}, "trial");
    if (const auto* obstacle = std::get_if<NotPossible>(&mounted)) reason_ = obstacle->reason;
    return reason_.empty();
  }

  void wait_for_the_end() const {
    for (int i = 0; i < 1000 && !list_directory_if_there().empty(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_THAT(list_directory_if_there(), IsEmpty());
  }
  std::vector<std::string> list_directory_if_there() const {
    return exists(settings_.place) ? list_directory(settings_.place) : std::vector<std::string>();
  }

  MountedImage mounted(Mounted result) { return std::get<MountedImage>(std::move(result)); }

  TemporaryDirectory directory_{"/tmp", "cntr-mounts-"};
  std::string file_ = directory_.path() + "/file";
  Settings settings_ = default_settings();
  std::string reason_;
};

TEST_F(MountsTest, ThreadsShareAMount) {
  if (!possible()) GTEST_SKIP() << reason_;
  const Mounts mounts(settings_);
  for (int round = 0; round < 3; ++round) {
    std::atomic<int> made = 0;
    std::atomic<int> held = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        const MountedImage image = mounted(mounts.mount({file_, 0}, "shared"));
        EXPECT_TRUE(is_mounted(image.path()));
        made += image.made() ? 1 : 0;
        ++held;
        while (held < 8) std::this_thread::yield();
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_LE(made, 1);
  }
}

TEST_F(MountsTest, ItStaysMountedWhileItIsHeld) {
  if (!possible()) GTEST_SKIP() << reason_;
  const Mounts mounts(settings_);
  std::string path;
  {
    const MountedImage first = mounted(mounts.mount({file_, 0}, "file"));
    path = first.path();
    { const MountedImage second = mounted(mounts.mount({file_, 0}, "file")); }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    EXPECT_TRUE(is_mounted(path));
    const std::vector<Holder> users = mounts.unmount(path);
    ASSERT_EQ(users.size(), 1U);
    EXPECT_EQ(users[0].pid, getpid());
    EXPECT_EQ(users[0].command, "test_mount");
    EXPECT_EQ(mounts.holders(path).size(), 1U);
    EXPECT_TRUE(is_mounted(path));
  }
  wait_for_the_end();
  EXPECT_FALSE(is_mounted(path));
  EXPECT_THAT(mounts.unmount(path), IsEmpty());
}

TEST_F(MountsTest, AGivenPathThroughALink) {
  if (!possible()) GTEST_SKIP() << reason_;
  make_directories(directory_.path() + "/real");
  ASSERT_EQ(symlink("real", (directory_.path() + "/link").c_str()), 0);
  const Mounts mounts(settings_);
  const MountedImage image = mounted(mounts.mount_at({file_, 0}, directory_.path() + "/link/env"));
  EXPECT_EQ(image.path(), directory_.path() + "/real/env");
  EXPECT_TRUE(is_mounted(directory_.path() + "/link/env"));
  EXPECT_FALSE(mounted(mounts.mount_at({file_, 0}, image.path())).made());
}

TEST_F(MountsTest, APlaceThatIsNoneIsAReason) {
  write_file_atomically(settings_.place, "a file");
  const Mounted mounted = Mounts(settings_).mount({file_, 0}, "file");
  ASSERT_TRUE(std::holds_alternative<NotPossible>(mounted));
  EXPECT_EQ(std::get<NotPossible>(mounted).reason, settings_.place + " is not a directory");
  remove_tree(settings_.place);
}

TEST_F(MountsTest, WaysAreTriedUntilOneIsUsable) {
  if (!possible()) GTEST_SKIP() << reason_;
  const Mounts mounts(settings_);
  const std::vector<Trial> all = mounts.try_ways();
  const std::vector<Trial> needed = mounts.try_until_usable();
  ASSERT_FALSE(needed.empty());
  for (size_t i = 0; i < needed.size(); ++i) {
    EXPECT_EQ(needed[i].way, all[i].way);
    EXPECT_EQ(needed[i].usable, i + 1 == needed.size());
  }
}

TEST_F(MountsTest, ABadNameIsAMistakeOfTheCaller) {
  for (const char* name : {"", "a/b", "..", "a b"}) {
    EXPECT_THROW(Mounts(settings_).mount({file_, 0}, name), Error) << name;
  }
}

TEST_F(MountsTest, AMissingProgramIsAnError) {
  settings_.program = "/nowhere/cntr-mount";
  EXPECT_THAT(
      [&] {
        Mounts(settings_).mount({file_, 0}, "file");
      },
      ThrowsMessage<Error>("Cannot start /nowhere/cntr-mount: No such file or directory"));
  remove_tree(settings_.place);
}

TEST_F(MountsTest, AProgramThatSaysNothingIsAnError) {
  settings_.program = "/bin/true";
  EXPECT_THAT(
      [&] {
        Mounts(settings_).mount({file_, 0}, "file");
      },
      ThrowsMessage<Error>("Cannot mount " + file_ + ": /bin/true ended without an answer"));
  remove_tree(settings_.place);
}

}  // namespace
}  // namespace cntr::mount
